/** A client of HTTP that does as little as it can, and a server that does the same. */
import { createServer, type Server } from "node:http";
import { connect } from "node:net";

export function requestText(key: string, body: string): string {
  const head = [
    "POST /v1/decide HTTP/1.1",
    "host: x",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
  ];
  return `${head.join("\r\n")}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Reads and parses the body as any server would, and answers with so many bytes. */
export async function openEcho(bytes: number): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { action } = JSON.parse(Buffer.concat(chunks).toString()) as { action: string };
      const body = JSON.stringify({ action, pad: "" });
      const padded = JSON.stringify({ action, pad: "x".repeat(Math.max(0, bytes - body.length)) });
      response.writeHead(200, { "content-type": "application/json", "content-length": padded.length });
      response.end(padded);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Answer {
  readonly ns: number;
  /** Of its body. */
  readonly bytes: number;
}

/** Each connection sends the next request when the last one is answered. */
export async function drive(port: number, texts: readonly string[], connections: number, count: number) {
  const answers: Answer[] = [];
  let sent = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      let [said, from] = ["", 0];
      const socket = connect(port, "127.0.0.1", next);
      socket.setNoDelay(true);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`the server hung up after ${answers.length} answers`)));
      socket.on("data", (bytes) => {
        said += bytes.toString("latin1");
        const end = said.indexOf("\r\n\r\n");
        const length = Number(/content-length: ([0-9]+)/i.exec(said)?.[1] ?? Number.NaN);
        if (end < 0 || said.length < end + 4 + length) return;
        if (!said.startsWith("HTTP/1.1 200")) {
          reject(new Error(said));
          return;
        }
        answers.push({ ns: (performance.now() - from) * 1e6, bytes: length });
        next();
      });
      function next(): void {
        if (sent >= count) {
          socket.end();
          resolve();
          return;
        }
        said = "";
        from = performance.now();
        socket.write(texts[sent % texts.length]!);
        sent += 1;
      }
    });
  await Promise.all(Array.from({ length: connections }, one));
  return answers;
}
