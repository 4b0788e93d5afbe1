import { type Cosigner, cosignerKey, encodeCosignerVkey } from "@polity/lineage/cosignature.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openKeeper, type WitnessKeeper } from "@polity/lineage/node/witness-keeper.ts";
import { serveWitness, type WitnessEvent } from "@polity/lineage/node/witness-server.ts";
import type { NoteKey } from "@polity/lineage/note.ts";
import type { LogError } from "@polity/lineage/store.ts";
import { beforeEnd } from "../ending.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { listenFailure, listenOption } from "../listen-option.ts";
import { readLogPolicy } from "../log-policy-file.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { plural, quoted, visible } from "../words.ts";

const LISTEN_USUAL = "127.0.0.1:6962";

interface Tell {
  readonly start: (url: string, keeper: WitnessKeeper, logs: readonly NoteKey[]) => Promise<void>;
  readonly answer: (event: WitnessEvent) => Promise<void>;
}

/** Until a signal ends it, something cannot be remembered any more, or `--once` is done. */
export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches } = invocation;
  const [dir = ""] = operands;
  const listen = listenOption(invocation, LISTEN_USUAL);
  const { cosigner, logs } = await whoAndWhat(invocation);
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const opened = await openKeeper({ dir, cosigner, logs, crypto: nodeCrypto, nowSeconds });
  if (!opened.ok) throw witnessFailure(dir, opened.error);
  const { keeper } = opened;
  const tell = switches.has("json") ? jsonTell() : textTell();
  // The first end counts; those after it are what comes of it.
  let end: (problem: Error | null) => void = () => undefined;
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  const onAnswer = (event: WitnessEvent) => {
    void tell.answer(event).then(() => {
      if (event.failure !== null) end(event.failure);
      else if (switches.has("once")) end(null);
    });
  };
  const server = await serveWitness(keeper, { ...listen, onAnswer }).catch(async (error: unknown) => {
    await keeper.close();
    throw listenFailure(listen, error);
  });
  const close = async () => {
    await server.close();
    await keeper.close();
  };
  const forget = beforeEnd(close);
  await tell.start(server.url, keeper, logs);
  const problem = await ended;
  await close();
  forget();
  if (problem !== null) throw failure(`witness ${quoted(dir)}: ${visible(problem.message)}`);
  return EXIT.done;
}

async function whoAndWhat({ command, values }: Invocation): Promise<{ cosigner: Cosigner; logs: NoteKey[] }> {
  const name = values.get("name") ?? "";
  const { publicKey, sign } = await readSigner(values.get("key") ?? "");
  const made = cosignerKey(name, publicKey, nodeCrypto.sha256);
  if (!made.ok) {
    const like = "like witness.example/w1: no space, no +, at most 255 bytes";
    throw usage(command, `${quoted(name)} is no name of a witness`, like);
  }
  const path = values.get("policy") ?? "";
  const logs = (await readLogPolicy(path)).logs.map(({ key }) => key);
  if (logs.length === 0) {
    throw failure(`${quoted(path)} lists no log to watch`, "a line of it is log VKEY; see pol log vkey");
  }
  if (logs.some((log) => log.publicKey.id === publicKey.id)) {
    const hint = "pol keygen makes a key for the witness alone";
    throw failure("this key signs for one of the logs: nobody is a witness of what they do themselves", hint);
  }
  return { cosigner: { key: made.key, sign }, logs };
}

function witnessFailure(dir: string, { code, message }: LogError): unknown {
  const exit = code === "witness.state" ? EXIT.no : EXIT.usage;
  return failure(`witness ${quoted(dir)}: ${code}: ${visible(message)}`, null, exit);
}

function textTell(): Tell {
  return {
    start: async (url, { cosigner, sizes }, logs) => {
      const known = sizes();
      const rows = [
        ["witness", encodeCosignerVkey(cosigner.key)],
        ["listens", url],
        ...logs.map(({ name }) => ["watches", `${name}: ${cosignedText(known.get(name))}`]),
      ];
      await write(
        columns(rows)
          .map((line) => `${line}\n`)
          .join(""),
      );
    },
    answer: async ({ status, judged }) => {
      if (judged === null) return;
      const { ok } = judged;
      const what = ok
        ? `${judged.checkpoint.origin} ${plural(judged.checkpoint.size, "entry", "entries")}`
        : `${judged.code}: ${visible(judged.message)}`;
      await printLine(`${status} ${what}`);
    },
  };
}

function cosignedText(size: number | undefined): string {
  return size === undefined ? "nothing cosigned yet" : `${plural(size, "entry", "entries")} cosigned`;
}

function jsonTell(): Tell {
  return {
    start: async (url, { cosigner, sizes }, logs) => {
      const known = sizes();
      const watches = logs.map(({ name }) => ({ origin: name, size: known.get(name) ?? null }));
      await printLine(
        JSON.stringify({ event: "start", vkey: encodeCosignerVkey(cosigner.key), url, watches }),
      );
    },
    answer: async ({ status, judged }) => {
      if (judged === null) return;
      const { ok } = judged;
      const what = ok
        ? { origin: judged.checkpoint.origin, size: judged.checkpoint.size }
        : { code: judged.code, message: judged.message };
      await printLine(JSON.stringify({ event: "answer", status, ...what }));
    },
  };
}
