/** A row with a text to be found by. */
export interface FindableRow {
  readonly label: string;
}

export interface TickListOptions<T extends FindableRow> {
  readonly keyOf: (row: T) => string;
  /** Finds the row of a typed text that its label does not have. */
  readonly rowOf?: (typed: string, rows: readonly T[]) => T | undefined;
  /** No row at all is an answer too. */
  readonly mayBeEmpty?: boolean;
}

/**
 * Decides what Enter means in a list of rows to tick. VS Code hides the rows that do not match what is typed, ticked ones
 * too, and leaves none active: here the best match is active, and Enter means it until a box is clicked.
 */
export class TickList<T extends FindableRow> {
  readonly #options: TickListOptions<T>;
  #rows: readonly T[];
  #ticked: ReadonlySet<string>;
  #typed = "";
  #active: string | undefined;
  /** The rows that were made active here, which VS Code reports as if the user had gone there. */
  readonly #proposed = new Set<string>();
  /** The user went to the active row. */
  #isChosen = false;
  #isToggled = false;
  /** VS Code has not yet repeated what is ticked of other rows. */
  #isRefilled = false;

  constructor(rows: readonly T[], ticked: readonly T[], options: TickListOptions<T>) {
    this.#options = options;
    this.#rows = rows;
    this.#ticked = new Set(ticked.map(options.keyOf));
    this.#activate();
  }

  get rows(): readonly T[] {
    return this.#rows;
  }

  get ticked(): readonly T[] {
    return this.#rows.filter((row) => this.#ticked.has(this.#options.keyOf(row)));
  }

  get active(): T | undefined {
    return this.#find(this.#active);
  }

  /** The rows that Enter means. */
  get accepted(): readonly T[] {
    const active = this.active ? [this.active] : [];
    const isFound = this.#typed !== "" && !this.#isToggled;
    if (this.#options.mayBeEmpty)
      return isFound ? [...this.ticked.filter((row) => row !== this.active), ...active] : this.ticked;
    return isFound || this.ticked.length === 0 ? active : this.ticked;
  }

  /** Puts other rows in place of those of the same keys. */
  replace(rows: readonly T[]): void {
    this.#rows = rows;
    this.#isRefilled = true;
  }

  /** Takes what is typed into the filter. */
  type(typed: string): void {
    this.#typed = typed.trim();
    const { active } = this;
    if (active && this.#isShown(active) && (this.#isChosen || this.#typed === "")) return;
    this.#activate();
  }

  /** Takes the row that VS Code says is active. It says that none is whenever a list is filtered or filled. */
  activate(row: T | undefined): void {
    if (!row || this.#options.keyOf(row) === this.#active) return;
    this.#active = this.#options.keyOf(row);
    this.#isChosen = !this.#proposed.has(this.#active);
  }

  /** Takes it that a row is active which is none of these. */
  activateOther(): void {
    this.#active = undefined;
    this.#isChosen = true;
  }

  /**
   * Takes the rows that are ticked, those that the filter hides included. VS Code repeats what it was told, and for new
   * rows first says that none is ticked.
   *
   * @returns true if the user changed something
   */
  tick(rows: readonly T[]): boolean {
    const ticked = new Set(rows.map(this.#options.keyOf));
    const isSame = ticked.size === this.#ticked.size && [...ticked].every((key) => this.#ticked.has(key));
    if (isSame) this.#isRefilled = false;
    if (isSame || (this.#isRefilled && ticked.size === 0)) return false;
    this.#ticked = ticked;
    this.#isToggled = true;
    return true;
  }

  /** Ticks one more, as a click on its box would. */
  add(row: T): void {
    this.#ticked = new Set([...this.#ticked, this.#options.keyOf(row)]);
    this.#isToggled = true;
  }

  #activate(): void {
    const best = this.#typed === "" ? (this.ticked[0] ?? this.#rows[0]) : this.#best();
    this.#active = best && this.#options.keyOf(best);
    if (this.#active !== undefined) this.#proposed.add(this.#active);
    this.#isChosen = false;
  }

  #best(): T | undefined {
    const typed = this.#typed.toLowerCase();
    const found = this.#rows.filter((row) => this.#isShown(row));
    return (
      this.#options.rowOf?.(this.#typed, this.#rows) ??
      found.find((row) => textOf(row) === typed) ??
      found.find((row) => textOf(row).startsWith(typed)) ??
      found[0]
    );
  }

  /** VS Code shows a few more, by the initials of their words: those are active only if the user goes there. */
  #isShown(row: T): boolean {
    return textOf(row).includes(this.#typed.toLowerCase());
  }

  #find(key: string | undefined): T | undefined {
    return this.#rows.find((row) => this.#options.keyOf(row) === key);
  }
}

const textOf = ({ label }: FindableRow): string => label.toLowerCase();
