/** What stands for all further values of a label. */
export const OTHER = "_OTHER";

/** So many different values of a label are told apart. */
const MOST = 100;

/**
 * Keeps the number of time series bounded, whatever an engine is called with: the first 100 values of each label stay
 * themselves, all further ones become `_OTHER`.
 */
export class Labels {
  readonly #known = new Map<string, Set<string>>();

  /** The value, or what stands for it. */
  of(label: string, value: string): string {
    const values = this.#known.get(label) ?? new Set();
    this.#known.set(label, values);
    if (values.has(value)) return value;
    if (values.size >= MOST) return OTHER;
    values.add(value);
    return value;
  }
}
