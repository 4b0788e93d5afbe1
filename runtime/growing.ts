/** Numbers in a row that grows. Twice as much room each time, so that a number is copied twice at most. */

export interface Numbers {
  items: Int32Array<ArrayBuffer>;
  count: number;
}

export function makeNumbers(room = 1024): Numbers {
  return { items: new Int32Array(room), count: 0 };
}

export function push(numbers: Numbers, value: number): void {
  if (numbers.count === numbers.items.length) grow(numbers, numbers.count + 1);
  numbers.items[numbers.count] = value;
  numbers.count += 1;
}

/** Room for at least so many in all. */
export function grow(numbers: Numbers, room: number): void {
  if (room <= numbers.items.length) return;
  const items = new Int32Array(Math.max(room, numbers.items.length * 2));
  items.set(numbers.items.subarray(0, numbers.count));
  numbers.items = items;
}
