/**
 * When the clock on the wall first shows a time of day, or a later one, on each day: found by looking at the clock minute
 * by minute, and not by what the engine reckons with.
 */
export function slotsByTheWall(
  beginning: number,
  end: number,
  { timeZone, time }: { readonly timeZone: string; readonly time: string },
): readonly number[] {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const slots: number[] = [];
  let [done = ""] = format.format(beginning).split(", "); // of this day only a part is looked at
  for (let at = beginning; at < end; at += 60_000) {
    const [day = "", wall = ""] = format.format(at).split(", ");
    if (day === done || wall < time) continue;
    slots.push(at);
    done = day;
  }
  return slots;
}
