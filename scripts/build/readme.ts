/** The page of a package: its own, with the program of the project's page where it asks for that. */

const PLACE = "<!-- the program that README.md shows under “In a service” -->";

/** The program that embeds the runtime, as README.md has it. */
export function embeddingProgram(projectPage: string): string {
  const [, section = ""] = projectPage.split(/^## In a service$/m);
  const program = /^```ts\n(.*?)^```$/ms.exec(section)?.[1];
  if (program === undefined) throw new Error("README.md shows no program under “In a service”");
  return program;
}

export function packagePage(page: string, projectPage: string): string {
  return page.includes(PLACE)
    ? page.replace(PLACE, () => `\`\`\`ts\n${embeddingProgram(projectPage)}\`\`\``)
    : page;
}
