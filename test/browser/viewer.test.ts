/** The proof viewer, as a file of its own in Chromium: what it says about good and bad evidence. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { viewerPage } from "../../scripts/build/viewer.ts";
import { ARGUMENTS, CHROMIUM } from "../support/chromium.ts";
import { notRun } from "../support/not-run.ts";
import { ROOT } from "../support/repository.ts";
import { type ViewerFiles, viewerFiles } from "../support/viewer-files.ts";

const isHere = existsSync(CHROMIUM);
const folder = mkdtempSync(join(tmpdir(), "polity-viewer-"));
const page = pathToFileURL(join(folder, "proof-viewer.html")).href;
let browser: Browser;
let given: ViewerFiles;

beforeAll(async () => {
  writeFileSync(join(folder, "proof-viewer.html"), await viewerPage());
  given = await viewerFiles();
  for (const [name, bytes] of given.files) writeFileSync(join(folder, name), bytes);
  if (isHere) browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("its sources are well typed, with what browsers have", () => {
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const { stdout } = spawnSync(tsc, ["--noEmit", "-p", join(ROOT, "lineage/viewer")], { encoding: "utf8" });
  expect(stdout).toBe("");
});

test("is the same bytes each time, may fetch nothing, and brings everything", async () => {
  const text = readFileSync(join(folder, "proof-viewer.html"), "utf8");
  expect(await viewerPage()).toBe(text);
  expect(text).toContain(`content="default-src 'none'; script-src 'sha256-`);
  expect(text).not.toMatch(/unsafe-|(?:src|href)="|https?:\/\/(?!c2sp|www\.w3)|@import|\burl\(/);
  expect(text.length).toBeLessThan(128 * 1024);
});

describe("in Chromium, from a file and without a network", () => {
  if (!isHere) {
    test("the proof viewer", () => notRun("the proof viewer in Chromium", `no ${CHROMIUM}`));
    return;
  }

  interface Tab {
    readonly context: BrowserContext;
    readonly tab: Page;
    readonly problems: string[];
  }

  /** A browser that has seen nothing yet. */
  async function fresh(): Promise<Tab> {
    const context = await browser.newContext({ offline: true, colorScheme: "light" });
    return open(context);
  }

  async function open(context: BrowserContext): Promise<Tab> {
    const tab = await context.newPage();
    const problems: string[] = [];
    tab.on("pageerror", (error) => problems.push(String(error)));
    tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    tab.on("request", (request) => request.url().startsWith("file:") || problems.push(request.url()));
    await tab.goto(page);
    return { context, tab, problems };
  }

  async function give({ tab }: Tab, trust: string, ...names: readonly string[]): Promise<string> {
    await tab.fill("#trust", trust);
    await tab.setInputFiles(
      "#choose",
      names.map((name) => join(folder, name)),
    );
    return verdictOf(tab);
  }

  const verdictOf = (tab: Page) => tab.locator('#verdict[aria-busy="false"] strong').innerText();
  const statesOf = (tab: Page) =>
    tab.locator("#checks li").evaluateAll((rows) => rows.map((row) => row.className.replace("check ", "")));

  test("a good proof with record, opening and policy", async () => {
    const one = await fresh();
    const { tab, problems } = one;
    expect(await verdictOf(tab)).toBe("Nothing to check yet");
    const names = ["small.tlog-proof", "record.json", "opening.json"];
    expect(await give(one, given.policy, ...names)).toBe("The entry is in the log");
    expect(await statesOf(tab)).toEqual(["good", "good", "good", "good", "good", "good"]);
    expect(await tab.locator("#verdict span").innerText()).toMatch(
      /^Entry 4 of 7 in example\.com\/log, leaf sha256:/,
    );
    expect(await tab.locator("#checks").innerText()).toContain("cosigned by witness.example/w1");
    expect(await tab.locator("#entry").innerText()).toContain("eu-1/node-7");
    expect(await tab.locator("#request").innerText()).toContain("fits its own commitment");
    expect(await tab.locator("#history").innerText()).toContain(
      "first checkpoint of this log here: 7 entries",
    );
    expect(problems).toEqual([]);
    await one.context.close();
  });

  test("keys as vkeys and in PEM; an erased field is shown as erased", async () => {
    const one = await fresh();
    for (const trust of [given.vkey, given.pem]) {
      const names = ["small.tlog-proof", "record.json", "erased.json"];
      expect(await give(one, trust, ...names)).toBe("The entry is in the log");
      expect(await statesOf(one.tab)).toEqual(["good", "good", "none", "good", "good", "good"]);
      expect(await one.tab.locator("#request .mark.gone").innerText()).toBe("erased");
    }
    await one.context.close();
  });

  test("a trust root that is dropped: the keys that it names, for as long as it does", async () => {
    const one = await fresh();
    const { tab } = one;
    const small = ["small.tlog-proof", "record.json", "1.root.json"];
    expect(await give(one, "", ...small)).toBe("The entry is in the log");
    expect(await tab.locator("#trust-root").innerText()).toMatch(
      /^Trust root of example\.com\/agents, version 1, good until 2126.* version 1 .*: sha256:[0-9a-f]{64}$/,
    );
    expect(await give(one, "", "large.tlog-proof")).toBe("Do not believe this");
    expect(await tab.locator("#checks .bad").innerText()).toContain("log.ended_key");
    expect(await give(one, "", "2.root.json")).not.toBe("Do not believe this");
    expect(await statesOf(tab)).toEqual(["good", "good", "none", "good", "good", "none"]);
    expect(await tab.locator("#files").innerText()).toContain("2.root.json");
    expect(await give(one, given.vkey)).toBe("Whom do you trust?");
    expect(await tab.locator("#trust-problem").innerText()).toContain("exclude each other");
    await one.context.close();
    const late = await fresh();
    const names = ["small.tlog-proof", "record.json", "1.root.json", "ended.root.json"];
    expect(await give(late, given.policy, ...names)).toBe("Whom do you trust?");
    expect(await late.tab.locator("#trust-problem").innerText()).toContain("trust.expired: ended.root.json");
    expect(await give(late, "", "two.fork", "2.root.json")).toBe("Whom do you trust?");
    await late.context.close();
  });

  test("evidence of a fork under a trust root", async () => {
    const one = await fresh();
    expect(await give(one, "", "two.fork", "1.root.json")).toBe("This evidence shows nothing");
    expect(await one.tab.locator("#verdict span").innerText()).toContain("log.ended_key");
    expect(await give(one, "", "2.root.json")).toBe("This log shows two histories");
    await one.context.close();
  });

  test("what is changed, missing or not signed is said so, and shows no entry", async () => {
    const one = await fresh();
    const { tab } = one;
    const cases: readonly (readonly [string, readonly string[], string, string])[] = [
      [given.policy, ["small.tlog-proof", "changed.json"], "Do not believe this", "proof.not_included"],
      [given.policy, ["bare.tlog-proof", "record.json"], "Do not believe this", "witness.quorum"],
      [given.vkey.replace("example.com", "example.org"), ["small.tlog-proof"], "Whom do you trust?", ""],
    ];
    for (const [trust, names, said, code] of cases) {
      expect(await give(one, trust, ...names)).toBe(said);
      if (code !== "") expect(await tab.locator("#checks .bad").innerText()).toContain(code);
      expect(await tab.locator("#entry").isVisible()).toBe(false);
    }
    expect(await tab.locator("#trust-problem").innerText()).toContain("key.hint");
    expect(await give(one, given.policy, "small.tlog-proof", "record.json", "wrong.json")).toBe(
      "Do not believe this",
    );
    expect(await tab.locator("#checks .bad").innerText()).toContain("opening.mismatch");
    await tab.setInputFiles("#choose", join(folder, "strange.bin"));
    await verdictOf(tab);
    expect(await tab.locator("#unknown").innerText()).toContain("strange.bin");
    await one.context.close();
  });

  test("only the checkpoint, without the record", async () => {
    const one = await fresh();
    expect(await give(one, given.policy, "small.tlog-proof")).toBe("The record is missing");
    expect(await statesOf(one.tab)).toEqual(["good", "good", "good", "open", "open", "open"]);
    await one.context.close();
  });

  test("a later checkpoint needs the proof that it goes on, also after the page was closed", async () => {
    const first = await fresh();
    await give(first, given.policy, "small.tlog-proof", "record.json");
    await first.tab.close();
    const second = await open(first.context);
    const { tab } = second;
    expect(await give(second, given.policy, "large.tlog-proof", "record.json")).toBe(
      "Proven, as far as it goes",
    );
    expect(await tab.locator("#history").innerText()).toContain("Drop the proof from 7 to 12");
    expect(await give(second, given.policy, "bent.txt")).toBe("Proven, as far as it goes");
    expect(await tab.locator("#history").innerText()).toContain("does not show that the 12 entries begin");
    expect(await give(second, given.policy, "consistency.txt")).toBe("The entry is in the log");
    // What was kept is now the larger one, so the smaller one needs the proof.
    await tab.reload();
    expect(await give(second, given.policy, "small.tlog-proof", "record.json")).toBe(
      "Proven, as far as it goes",
    );
    expect(await give(second, given.policy, "consistency.txt")).toBe("The entry is in the log");
    await first.context.close();
  });

  test("another history of the same log is shown with both notes, and can be saved as evidence", async () => {
    const one = await fresh();
    const { tab } = one;
    await give(one, given.policy, "small.tlog-proof", "record.json");
    expect(await give(one, given.policy, "other.tlog-proof")).toBe("This log shows two histories");
    const notes = await tab.locator("#fork .note").allInnerTexts();
    expect(notes).toHaveLength(2);
    for (const note of notes) expect(note).toMatch(/^example\.com\/log\n7\n/);
    const [download] = await Promise.all([tab.waitForEvent("download"), tab.click("text=Save the evidence")]);
    expect(download.suggestedFilename()).toBe("example.com-log.fork");
    await download.saveAs(join(folder, "saved.fork"));
    await tab.reload();
    expect(await give(one, given.vkey, "saved.fork")).toBe("This log shows two histories");
    // What was seen first is still what is kept.
    await tab.reload();
    expect(await give(one, given.policy, "small.tlog-proof", "record.json")).toBe("The entry is in the log");
    await one.context.close();
  });

  test("whom the reader trusts is not replaced by what came with a proof", async () => {
    const one = await fresh();
    const { tab } = one;
    const framed = ["framed.tlog-proof", "record.json", "stranger.pem"];
    expect(await give(one, given.pem, ...framed)).toBe("Do not believe this");
    expect(await tab.locator("#checks").innerText()).toContain("note.unknown_keys");
    expect(await tab.inputValue("#trust")).toBe(given.pem);
    expect(await tab.locator("#unknown").innerText()).toContain("stranger.pem");
    expect(await give(one, given.pem, "small.tlog-proof")).toBe("The entry is in the log");
    await one.context.close();

    const other = await fresh();
    expect(await give(other, "", "small.tlog-proof", "record.json", "1.root.json")).toBe(
      "The entry is in the log",
    );
    mkdirSync(join(folder, "else"));
    writeFileSync(join(folder, "else", "1.root.json"), given.files.get("ended.root.json")!);
    expect(await give(other, "", "else/1.root.json")).toBe("The entry is in the log");
    expect(await other.tab.locator("#unknown").innerText()).toContain("1.root.json");
    await other.context.close();
  });

  test("a log that took the name of another, under keys without names, is no second history", async () => {
    const one = await fresh();
    const both = `${given.pem}${new TextDecoder().decode(given.files.get("stranger.pem"))}`;
    expect(await give(one, both, "small.tlog-proof", "record.json")).toBe("The entry is in the log");
    expect(await give(one, both, "framed.tlog-proof")).toBe("Proven, as far as it goes");
    expect(await one.tab.locator("#history").innerText()).toContain("signed by another key");
    expect(await one.tab.locator("#fork").isVisible()).toBe(false);
    await one.context.close();
  });

  test("evidence of a fork between different sizes proves itself", async () => {
    const one = await fresh();
    expect(await give(one, given.pem, "two.fork")).toBe("This log shows two histories");
    expect(await one.tab.locator("#fork .note").count()).toBe(3);
    await one.context.close();
  });

  test("nothing in a file acts as markup", async () => {
    const one = await fresh();
    writeFileSync(join(folder, "<img src=x onerror=alert(1)>.bin"), "nothing");
    await give(one, given.policy, "<img src=x onerror=alert(1)>.bin");
    expect(await one.tab.locator("#unknown").innerText()).toContain("<img src=x");
    expect([await one.tab.locator("img").count(), one.problems]).toEqual([0, []]);
    await one.context.close();
  });

  /** For eyes: `VIEWER_SHOTS=/some/folder` keeps pictures of what the page looks like. */
  test("looks", async () => {
    const shots = process.env.VIEWER_SHOTS;
    if (shots === undefined) return;
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1080, height: 900 } });
      const one = await open(context);
      await one.tab.screenshot({ path: join(shots, `empty-${colorScheme}.png`), fullPage: true });
      await give(one, given.policy, "small.tlog-proof", "record.json", "opening.json");
      await one.tab.screenshot({ path: join(shots, `good-${colorScheme}.png`), fullPage: true });
      await give(one, given.policy, "other.tlog-proof");
      await one.tab.screenshot({ path: join(shots, `fork-${colorScheme}.png`), fullPage: true });
      await one.tab.setViewportSize({ width: 400, height: 900 });
      await give(one, given.policy, "changed.json", "small.tlog-proof");
      await one.tab.screenshot({ path: join(shots, `bad-${colorScheme}.png`), fullPage: true });
      await context.close();
    }
  });
});
