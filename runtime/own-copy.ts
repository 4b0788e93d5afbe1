/** One reading of what a caller gives, for all who look at it later: the caller's object may answer anew. */

/** No request, header or entity is anywhere near; whatever goes on beyond is refused like an accessor. */
const VALUES_MAX = 1 << 20;
const DEPTH_MAX = 1000;

/** What stands for a value that could not be read: no reader takes it for anything. */
const UNREADABLE = Symbol("unreadable");

/** What is neither a plain object nor an array inherits from this, and so is still neither. */
const FOREIGN: object = Object.freeze(Object.create(null));

/** A reader that asks for data finds none, with the refusal that an accessor gets; nothing is called. */
const ACCESSOR = { get: () => undefined, enumerable: true, configurable: true };

interface Copying {
  values: number;
}

/**
 * The own data of a value, which nobody else can change or see being read: objects and arrays again and
 * again, everything else as it is. Accessors are not called and stay accessors, holes stay holes, and what is
 * no plain object becomes none. Never throws, whatever the value does.
 */
export function ownCopy(value: unknown): unknown {
  try {
    return copy({ values: 0 }, value, 0);
  } catch {
    return UNREADABLE;
  }
}

function copy(copying: Copying, value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? copyArray(copying, value, depth) : copyObject(copying, value, depth);
}

function copyArray(copying: Copying, array: readonly unknown[], depth: number): unknown[] {
  const { length } = array;
  const made: unknown[] = new Array(length);
  // Too long for any type: of its members nobody needs to know more.
  if (length > VALUES_MAX) return made;
  for (let at = 0; at < length; at += 1) {
    const property = Object.getOwnPropertyDescriptor(array, at);
    if (property !== undefined) put(copying, made, String(at), property, depth);
  }
  return made;
}

function copyObject(copying: Copying, object: object, depth: number): object {
  const prototype: unknown = Object.getPrototypeOf(object);
  const isPlain = prototype === Object.prototype || prototype === null;
  const made: object = prototype === Object.prototype ? {} : Object.create(isPlain ? null : FOREIGN);
  for (const name of Object.getOwnPropertyNames(object)) {
    // Only a proxy lists a name that it then knows nothing of.
    const property = Object.getOwnPropertyDescriptor(object, name) ?? ACCESSOR;
    put(copying, made, name, property, depth);
  }
  return made;
}

function put(
  copying: Copying,
  made: object,
  name: string,
  property: PropertyDescriptor,
  depth: number,
): void {
  copying.values += 1;
  const { enumerable = false } = property;
  const isData = "value" in property && depth < DEPTH_MAX && copying.values <= VALUES_MAX;
  // The usual way takes a third of the time, where nothing inherited could stand in it.
  if (isData && enumerable && !(name in made)) {
    (made as Record<string, unknown>)[name] = copy(copying, property.value, depth + 1);
    return;
  }
  const copied = isData
    ? { value: copy(copying, property.value, depth + 1), writable: true, configurable: true, enumerable }
    : { ...ACCESSOR, enumerable };
  Object.defineProperty(made, name, copied);
}
