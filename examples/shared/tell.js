/** What was tried, and what came of it. */
export function tell(who, what, came) {
  console.log(`${who.padEnd(6)} ${what.padEnd(30)} ${came}`);
}
