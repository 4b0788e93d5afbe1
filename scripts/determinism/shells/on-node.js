// After drive.js: `node --allow-natives-syntax FILE FOLDER ASK`. Says also which compiler made the code.
const { readFileSync } = require("node:fs");
const [, , folder, ask] = process.argv;
const read = (name) => new Uint8Array(readFileSync(`${folder}/${name}`));
const told = drive(JSON.parse(readFileSync(`${folder}/job.json`, "utf8")), JSON.parse(ask), read);
const tiers = told.policies.map(({ decide }) => (isBaseline(decide) ? "baseline" : "optimising"));
console.log(JSON.stringify({ ...told, tiers }));

function isBaseline(call) {
  return new Function("call", "return %IsLiftoffFunction(call)")(call);
}
