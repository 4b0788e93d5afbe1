// After drive.js: `gjs FILE FOLDER ASK`.
const [folder, ask] = ARGV;
const readBytes = (name) => {
  const [, bytes] = imports.gi.GLib.file_get_contents(`${folder}/${name}`);
  return bytes instanceof Uint8Array ? bytes : imports.byteArray.fromGBytes(bytes);
};
const readText = (name) => imports.byteArray.toString(readBytes(name));
print(JSON.stringify(drive(JSON.parse(readText("job.json")), JSON.parse(ask), readBytes)));
