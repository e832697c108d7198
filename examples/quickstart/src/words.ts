/** `1.2 GB`, in powers of ten, as disks are sold. */
export function bytes(size: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `9,153 files`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${value === 1 ? one : many}`;
}

/** `2.4 s`. */
export function duration(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `240 MB/s`. */
export function rate(done: number, ms: number): string {
  return `${bytes((done / ms) * 1000)}/s`;
}
