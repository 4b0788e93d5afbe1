/** WebAssembly without waiting: an engine's own threads would make one seed another world each time. */

/** While `run` goes on, compiling and instantiating are done at once. */
export async function withoutThreads<T>(run: () => Promise<T>): Promise<T> {
  const { compile, instantiate } = WebAssembly;
  const modules = new WeakMap<object, WebAssembly.Module>();
  WebAssembly.compile = async (bytes) => {
    const known = modules.get(bytes);
    const module = known ?? new WebAssembly.Module(bytes);
    modules.set(bytes, module);
    return module;
  };
  const instance = async (module: WebAssembly.Module) => new WebAssembly.Instance(module);
  WebAssembly.instantiate = instance as typeof WebAssembly.instantiate;
  try {
    return await run();
  } finally {
    Object.assign(WebAssembly, { compile, instantiate });
  }
}
