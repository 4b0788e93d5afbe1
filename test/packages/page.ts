/** What the programs in pages share: they read from the server that sent them, and report there. */

export interface PageReport {
  readonly text: string;
}

export async function report(
  task: (bytesOf: (name: string) => Promise<Uint8Array>) => Promise<string>,
): Promise<void> {
  const answer = await task(bytesOf).then(
    (text): PageReport => ({ text }),
    (error: unknown) => ({ error: String(error) }),
  );
  await fetch("/report", { method: "POST", body: JSON.stringify(answer) });
}

async function bytesOf(name: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer());
}
