import { invalidArgument } from "../protocol/errors";

const VALUES: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

export interface ExperimentalOptions {
  readonly enablesDocker: boolean;
  readonly keepsExitSnapshot: boolean;
}

/** Reads the options that the local backend supports. Throws INVALID_ARGUMENT if a value is neither true nor false. */
export function readExperimentalOptions(options: Readonly<Record<string, string>>): ExperimentalOptions {
  const isOn = (name: string): boolean => {
    const value = options[name] ?? "false";
    const read = VALUES[value.toLowerCase()];
    if (read === undefined) throw invalidArgument(`The experimental option ${name} must be a bool, not "${value}".`);
    return read;
  };
  return { enablesDocker: isOn("enable_docker"), keepsExitSnapshot: isOn("enable_exit_snapshot") };
}
