/**
 * The page: takes files and whom to trust, and shows what was checked. All judgement is in `lineage/*.ts`.
 */
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import { decodeFork, type Fork, verifyFork } from "../fork.ts";
import { type Check, type CheckName, type ProofReport, reportProof } from "../proof-report.ts";
import { type LogTrust, openSigned } from "../witnessed-checkpoint.ts";
import { button, byId, element, save } from "./elements.ts";
import { marksOf, valueTable } from "./entry-table.ts";
import { FILE_BYTES_MAX, type FileRole, roleOf } from "./given-files.ts";
import { forkCard, historyCard, type Outcome } from "./history.ts";
import { keysOf, namesLogs, trustOf } from "./trust.ts";

interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const ROLES: Readonly<Record<FileRole, string>> = {
  proof: "proof",
  record: "record",
  opening: "opening",
  consistency: "consistency",
  evidence: "evidence",
  trust: "trust",
  root: "trust root",
};

const NAMES: Readonly<Record<CheckName, string>> = {
  file: "Proof file",
  signature: "Log's signature",
  witnesses: "Witnesses",
  inclusion: "In the log",
  entry: "Record",
  opening: "Request",
};

const MARKS: Readonly<Record<Check["state"], string>> = { good: "✓", bad: "✗", open: "…", none: "–" };

const given = new Map<FileRole, Given>();
/** Versions of a trust root, by the names of their files. */
const roots = new Map<string, Given>();
const trustField = byId<HTMLTextAreaElement>("trust");
/** Whatever is shown belongs to the latest change; an answer of an earlier one is dropped. */
let turn = 0;

async function take(files: Iterable<File>): Promise<void> {
  busy(true);
  const strange: string[] = [];
  const refused: string[] = [];
  for (const file of files) {
    const bytes = file.size > FILE_BYTES_MAX ? null : new Uint8Array(await file.arrayBuffer());
    const role = bytes === null ? null : roleOf(bytes);
    if (bytes === null || role === null) strange.push(file.name);
    else if (role === "trust" || role === "root") {
      if (!trusts(role, { name: file.name, bytes })) refused.push(file.name);
    } else given.set(role, { name: file.name, bytes });
  }
  tell("unknown", toldOf(strange, refused));
  await show();
}

/** Whoever gave the proof may have put a key beside it: what the reader has said already stays. */
function trusts(role: "trust" | "root", { name, bytes }: Given): boolean {
  if (role === "root") {
    const known = roots.get(name);
    if (known !== undefined && !equalBytes(known.bytes, bytes)) return false;
    roots.set(name, { name, bytes });
    return true;
  }
  const text = new TextDecoder().decode(bytes);
  if (trustField.value.trim() !== "" && trustField.value.trim() !== text.trim()) return false;
  trustField.value = text;
  return true;
}

function toldOf(strange: readonly string[], refused: readonly string[]): string | null {
  const parts = [
    strange.length === 0 ? "" : `not a file that this page knows: ${strange.join(", ")}`,
    refused.length === 0
      ? ""
      : `not taken, since it stands here already whom you trust: ${refused.join(", ")}; empty that first`,
  ];
  return parts.filter((part) => part !== "").join(" · ") || null;
}

async function show(): Promise<void> {
  turn += 1;
  const mine = turn;
  busy(true);
  await check(() => mine === turn);
  if (mine === turn) busy(false);
}

async function check(isLatest: () => boolean): Promise<void> {
  showFiles();
  const { trust, problem, root } = trustOf(trustField.value, [...roots.values()], Date.now());
  tell("trust-problem", problem);
  tell("trust-root", root);
  for (const id of ["fork", "checks", "history", "entry", "request"]) byId(id).hidden = true;
  const proof = given.get("proof");
  const evidence = given.get("evidence");
  if (proof === undefined && evidence === undefined) {
    return verdict("", "Nothing to check yet", "Drop a proof and its record above.");
  }
  if (trust === null || !namesLogs(trust)) {
    const why = "A proof says something only to those who know the key of the log.";
    const said = trust === null ? "Mend what is above." : `${why} Paste it above, or drop a trust root.`;
    return verdict("", "Whom do you trust?", said);
  }
  if (evidence !== undefined) return showEvidence(evidence, trust);
  const report = reportProof(
    {
      proof: proof!.bytes,
      record: given.get("record")?.bytes ?? null,
      opening: given.get("opening")?.bytes ?? null,
    },
    trust,
    portableCrypto,
  );
  showReport(report);
  const outcome = await historyOf(report, trust);
  if (!isLatest()) return;
  if (outcome.card !== null) fill("history", outcome.card);
  // Of two histories neither is to be believed, so neither is shown as if it were.
  if (outcome.fork !== null) for (const id of ["entry", "request"]) byId(id).hidden = true;
  if (outcome.fork !== null) fill("fork", forkCard(outcome.fork, saveEvidence));
  judge(report, outcome);
}

const NO_HISTORY: Outcome = { card: null, fork: null, isProblem: false };

async function historyOf({ head }: ProofReport, trust: LogTrust): Promise<Outcome> {
  if (head === null) return NO_HISTORY;
  return historyCard(head, trust, given.get("consistency")?.bytes ?? null, () => void show());
}

function judge(report: ProofReport, { fork, isProblem }: Outcome): void {
  const bad = report.checks.find(({ state }) => state === "bad");
  if (fork !== null) {
    verdict(
      "bad",
      "This log shows two histories",
      "Both checkpoints are signed by it. Trust neither, keep both.",
    );
  } else if (bad !== undefined) {
    verdict("bad", "Do not believe this", `${NAMES[bad.name]}: ${bad.text}`);
  } else if (!report.isProven) {
    verdict(
      "",
      "The record is missing",
      "The checkpoint is genuine; drop the record that the proof is about.",
    );
  } else if (isProblem) {
    const text = "The entry is in a tree that the log signed, but not shown to be the one you saw before.";
    verdict("", "Proven, as far as it goes", text);
  } else {
    const { checkpoint } = report.head!;
    const place = `Entry ${report.index} of ${checkpoint.size} in ${checkpoint.origin}`;
    verdict("good", "The entry is in the log", `${place}, leaf ${report.leafHash}`);
  }
}

function showReport(report: ProofReport): void {
  const rows = report.checks.map(({ name, state, code, text }) => {
    const said = code === null ? text : `${code}: ${text}`;
    const mark = element("span", "state", MARKS[state]);
    mark.setAttribute("aria-label", state);
    return element(
      "li",
      `check ${state}`,
      mark,
      element("span", "what", NAMES[name]),
      element("span", "said", said),
    );
  });
  fill("checks", [element("h2", "", "What was checked"), element("ul", "", ...rows)]);
  // A record that is not proven is anybody's claim, and is not shown as if it were more.
  if (!report.isProven || report.entry === null) return;
  const record = new TextDecoder().decode(given.get("record")!.bytes);
  fill("entry", [
    element("h2", "", `The entry: ${report.entry.kind}`),
    valueTable(JSON.parse(record), new Map()),
  ]);
  const { request } = report;
  if (request === null) return;
  fill("request", [
    element("h2", "", "The request that was decided"),
    valueTable(JSON.parse(request.request), marksOf(request)),
  ]);
}

function showEvidence({ bytes }: Given, trust: LogTrust): void {
  const decoded = decodeFork(bytes);
  if (!decoded.ok) {
    verdict("bad", "This is no evidence", `${decoded.code}: ${decoded.message}`);
    return;
  }
  const { fork } = decoded;
  const opened = [fork.earlier, fork.later].map((note) => openSigned(note, trust, portableCrypto));
  const refused = opened.find(({ ok }) => !ok);
  const verified = refused?.ok === false ? refused : verifyFork(fork, keysOf(trust), portableCrypto);
  if (!verified.ok) {
    verdict("bad", "This evidence shows nothing", `${verified.code}: ${verified.message}`);
    return;
  }
  fill("fork", forkCard(fork, saveEvidence));
  const { earlier, later, root } = verified;
  const roots = `${digestName(earlier.root)} in one, ${digestName(root)} in the other, of ${later.size}`;
  verdict("bad", "This log shows two histories", `Its first ${earlier.size} entries have the root ${roots}.`);
}

function saveEvidence(fork: Fork, text: string): void {
  const origin = fork.earlier.slice(0, fork.earlier.indexOf("\n"));
  save(`${origin.replace(/[^A-Za-z0-9.-]+/g, "-")}.fork`, text);
}

function showFiles(): void {
  const row = (role: FileRole, name: string, forget: () => void) => {
    const remove = button("Remove", "", () => {
      forget();
      void show();
    });
    return element("li", "", element("span", "role", ROLES[role]), element("span", "name", name), remove);
  };
  byId("files").replaceChildren(
    ...[...given].map(([role, { name }]) => row(role, name, () => given.delete(role))),
    ...[...roots.keys()].map((name) => row("root", name, () => roots.delete(name))),
  );
}

function verdict(state: "" | "good" | "bad", title: string, text: string): void {
  const place = byId("verdict");
  place.className = `card verdict ${state}`;
  place.replaceChildren(element("strong", "", title), element("span", "", text));
}

/** So that whoever cannot see the page, or drives it, knows when the verdict stands. */
function busy(isBusy: boolean): void {
  byId("verdict").setAttribute("aria-busy", String(isBusy));
}

function fill(id: string, children: readonly HTMLElement[]): void {
  const place = byId(id);
  place.replaceChildren(...children);
  place.hidden = false;
}

function tell(id: string, problem: string | null): void {
  const place = byId(id);
  place.replaceChildren(problem === null ? "" : element("span", "", problem));
  place.hidden = problem === null;
}

function listen(): void {
  const drop = byId("drop");
  const choose = byId<HTMLInputElement>("choose");
  choose.addEventListener("change", () => {
    void take([...(choose.files ?? [])]);
    choose.value = "";
  });
  // Dropped beside the field, a file would otherwise be opened in place of the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    void take([...(event.dataTransfer?.files ?? [])]);
  });
  trustField.addEventListener("input", () => void show());
}

listen();
void show();
