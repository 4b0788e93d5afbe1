// After drive.js: `jsc FILE -- FOLDER ASK`.
// biome-ignore lint/complexity/noArguments: in this shell it is what follows `--`
const [folder, ask] = arguments;
const readBytes = (name) => readFile(`${folder}/${name}`, "binary");
print(JSON.stringify(drive(JSON.parse(readFile(`${folder}/job.json`)), JSON.parse(ask), readBytes)));
