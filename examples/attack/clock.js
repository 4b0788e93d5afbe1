/** Loaded before the gateway: its clock is behind by as many milliseconds as a file says. */
import { readFileSync } from "node:fs";

const real = Date.now;
Date.now = () => real() - Number(readFileSync(process.env.CLOCK_BACK_MS_FILE, "utf8"));
