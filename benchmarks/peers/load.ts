/** Packages of this folder's own lock: nothing outside may need them, so no import names them. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
