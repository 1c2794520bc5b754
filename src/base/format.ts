const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A short form of a duration: `0.8s`, `12s`, `3m 20s`, `2h 5m`, `1d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 10 * SECOND) return `${(Math.max(0, ms) / SECOND).toFixed(1)}s`;
  const rounded = Math.round(ms / SECOND) * SECOND;
  if (rounded < MINUTE) return `${rounded / SECOND}s`;
  if (rounded < HOUR) return pair(rounded, MINUTE, "m", SECOND, "s");
  if (rounded < DAY) return pair(rounded, HOUR, "h", MINUTE, "m");
  return pair(rounded, DAY, "d", HOUR, "h");
}

/** The time something has taken so far, in whole seconds: `4s`, `3m 20s`. */
export const formatElapsed = (ms: number): string =>
  ms < MINUTE ? `${Math.floor(ms / SECOND)}s` : formatDuration(Math.floor(ms / SECOND) * SECOND);

/** The time something has been up, in whole minutes: `under 1m`, `12m`, `2h 5m`. */
export function formatUptime(ms: number): string {
  return ms < MINUTE ? "under 1m" : formatDuration(Math.floor(ms / MINUTE) * MINUTE);
}

function pair(ms: number, unit: number, symbol: string, minor: number, minorSymbol: string): string {
  const rest = Math.floor((ms % unit) / minor);
  return `${Math.floor(ms / unit)}${symbol}${rest > 0 ? ` ${rest}${minorSymbol}` : ""}`;
}

/** `512 B`, `3.1 KB`, `77 MB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** The smallest amount that is not shown as zero. */
const LEAST_DOLLARS = 0.0001;

/** US dollars: two decimals from one cent up, otherwise enough digits to differ from zero. */
export function formatDollars(dollars: number): string {
  if (dollars === 0) return "$0.00";
  if (dollars < LEAST_DOLLARS) return `<$${LEAST_DOLLARS}`;
  return `$${dollars.toFixed(dollars < 0.01 ? 4 : 2)}`;
}

/** A cost that has not been billed: `about $0.42`, `under $0.0001`. */
export const formatEstimate = (dollars: number): string =>
  dollars > 0 && dollars < LEAST_DOLLARS ? `under $${LEAST_DOLLARS}` : `about ${formatDollars(dollars)}`;

export const formatHourlyRate = (dollarsPerHour: number): string => `${formatDollars(dollarsPerHour)}/h`;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
