/** The path of the directory that an entry lies in; `""` is the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** An entry's own name. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
