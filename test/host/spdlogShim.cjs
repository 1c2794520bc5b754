/**
 * Stands in for @vscode/spdlog, whose native module the host is installed without: without it the log files, and with
 * them every output channel, stay empty.
 */
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const levels = ["trace", "debug", "info", "warn", "error", "critical"];

class Logger {
  #file;
  #level = 2;
  #isPlain = false;

  constructor(_type, _name, file) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    levels.forEach((name, level) => {
      this[name] = (message) => this.#write(name, level, message);
    });
  }

  getLevel() {
    return this.#level;
  }

  setLevel(level) {
    this.#level = level;
  }

  setPattern() {
    this.#isPlain = false;
  }

  clearFormatters() {
    this.#isPlain = true;
  }

  flush() {}

  drop() {}

  #write(name, level, message) {
    if (level < this.#level) return;

    const time = new Date().toISOString().replace("T", " ").slice(0, -1);
    try {
      appendFileSync(this.#file, this.#isPlain ? message : `${time} [${name}] ${message}\n`);
    } catch {
      // The folder goes before the last words at shutdown.
    }
  }
}

// One by one: an ES module that imports this finds the names by reading the text.
exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = async (name, file) => new Logger("rotating", name, file);
exports.createAsyncRotatingLogger = async (name, file) => new Logger("rotating_async", name, file);
