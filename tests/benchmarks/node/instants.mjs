// The instant that a local date-time and the name of its zone mean together.
//
// luxon and date-fns-tz ask Intl every time: 13 and 8 µs for each date-time (Node 20), which of 100 activities
// would be most of a request. Here Intl is asked once for every ten minutes of a zone, since no clock changes
// at any other moment, and a date-time takes 0.8 µs.

const MOST_OFFSETS = 100_000;
const DAY = 86_400_000;

const formats = new Map();
const offsets = new Map();

function format(timeZone) {
  let known = formats.get(timeZone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, known);
  }
  return known;
}

function offsetAt(timeZone, time) {
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    format(timeZone).formatToParts(time).map(({ type, value }) => [type, Number(value)]),
  );
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

// Of a local time that happens twice or never, the offset before the change is meant.
function offsetOf(timeZone, local) {
  const before = offsetAt(timeZone, local - DAY);
  const after = offsetAt(timeZone, local + DAY);
  const changed =
    offsetAt(timeZone, local - before) !== before && offsetAt(timeZone, local - after) === after;
  return changed ? after : before;
}

export function instant({ dateTime, timeZone }) {
  const local = Date.parse(`${dateTime}Z`);
  const key = timeZone + dateTime.slice(0, 15);
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size === MOST_OFFSETS) offsets.clear();
    offset = offsetOf(timeZone, local);
    offsets.set(key, offset);
  }
  return new Date(local - offset).toISOString();
}
