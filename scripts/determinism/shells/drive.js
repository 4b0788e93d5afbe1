/**
 * Drives evaluators in any JavaScript shell: no module, no Node, nothing of the web. `read` answers with the
 * bytes of a file of the job's folder, as a Uint8Array. What is asked and told is in job.ts.
 */
// biome-ignore lint/correctness/noUnusedVariables: the shells behind this file call it
function drive(job, ask, read) {
  const driver = new WebAssembly.Module(read("driver.wasm"));
  const policies = [];
  for (let at = 0; at < job.policies.length; at += 1) policies.push(drivePolicy(job, ask, read, driver, at));
  return { policies };
}

function drivePolicy(job, ask, read, driver, at) {
  const policy = job.policies[at];
  const marks = ask.marks[at];
  const evaluator = new WebAssembly.Instance(new WebAssembly.Module(read(`${at}.wasm`))).exports;
  const { memory } = evaluator;
  if (evaluator.pol_reserve(2, policy.factsBytes) !== 1) throw new Error("no room for the facts");
  new Uint8Array(memory.buffer).set(read(`${at}.facts`), policy.factsAt);
  if (evaluator.pol_load(2, policy.factsBytes) !== 1) throw new Error("the facts were refused");
  memory.grow(policy.pages - policy.memoryBytes / 65_536);
  const imports = { env: { memory }, ev: { pol_decide: evaluator.pol_decide } };
  const driven = new WebAssembly.Instance(driver, imports).exports;
  new Uint8Array(memory.buffer).set(read(`${at}.pool`), policy.poolAt);
  driven.setup(
    policy.frameAt,
    policy.frameBytes,
    policy.resultAt,
    policy.obligationsAt,
    policy.poolAt,
    policy.shapesAt,
    job.seed,
  );
  const told = { marks: [], tally: [], frame: "", result: "" };
  let from = 0;
  for (const mark of marks) {
    driven.run(from, mark);
    from = mark;
    if (ask.sums) driven.sumMemory(policy.memoryBytes);
    told.marks.push({ chain: words(driven, 0), sum: ask.sums ? words(driven, 8) : "" });
  }
  for (let index = 0; index < 46; index += 1) told.tally.push(driven.tally(index));
  if (ask.show[at] >= 0) show(policy, ask.show[at], driven, evaluator, told);
  // Asked of the engine by those that can tell which of its compilers made this.
  told.decide = evaluator.pol_decide;
  return told;
}

function show(policy, index, driven, evaluator, told) {
  const { memory } = evaluator;
  const bytes = driven.show(index);
  told.frame = hex(new Uint8Array(memory.buffer, policy.frameAt, bytes));
  evaluator.pol_decide(bytes);
  told.result = hex(new Uint8Array(memory.buffer, policy.resultAt, 64));
}

function words(driven, first) {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < 8; at += 1) view.setInt32(at * 4, driven.word(first + at), true);
  return hex(bytes);
}

function hex(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1) text += (bytes[at] + 256).toString(16).slice(1);
  return text;
}
