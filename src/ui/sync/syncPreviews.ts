import { join } from "node:path";
import {
  DocumentLink,
  EventEmitter,
  languages,
  Range,
  Uri,
  window,
  workspace,
  type DocumentLinkProvider,
  type TextDocument,
  type TextDocumentContentProvider,
} from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { PreviewText } from "../../sync/push/previewText";

export interface ShownPreview extends PreviewText {
  /** The folder to whose files the links lead. */
  readonly root: string;
}

const SCHEME = "modal-sandboxes-preview";

/** The language that colors lines by the +, - or ! at their start. */
const LANGUAGE = "diff";

/** Shows sync previews as read-only documents whose paths are links to the files. */
export class SyncPreviews implements TextDocumentContentProvider, DocumentLinkProvider, Disposable {
  readonly #own = new DisposableStore();
  readonly #changed = this.#own.add(new EventEmitter<Uri>());
  readonly onDidChange = this.#changed.event;
  readonly #shown = new Map<string, ShownPreview>();

  constructor() {
    this.#own.add(workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#own.add(languages.registerDocumentLinkProvider({ scheme: SCHEME }, this));
  }

  /** @param key identifies the folder and sandbox, so that a later preview replaces the earlier one */
  async show(title: string, key: string, preview: ShownPreview): Promise<void> {
    const uri = Uri.from({ scheme: SCHEME, path: `/${title.replaceAll("/", " ")}`, query: key });
    this.#forgetClosed();
    this.#shown.set(uri.toString(), preview);
    this.#changed.fire(uri);
    const document = await languages.setTextDocumentLanguage(await workspace.openTextDocument(uri), LANGUAGE);
    await window.showTextDocument(document, { preview: false });
  }

  provideTextDocumentContent(uri: Uri): string | undefined {
    return this.#shown.get(uri.toString())?.text;
  }

  provideDocumentLinks({ uri }: TextDocument): DocumentLink[] {
    const preview = this.#shown.get(uri.toString());
    if (!preview) return [];
    return preview.links.map(({ line, column, length, path }) => {
      return new DocumentLink(new Range(line, column, line, column + length), Uri.file(join(preview.root, path)));
    });
  }

  dispose(): void {
    this.#own.dispose();
  }

  #forgetClosed(): void {
    const open = new Set(workspace.textDocuments.map(({ uri }) => uri.toString()));
    for (const uri of this.#shown.keys()) if (!open.has(uri)) this.#shown.delete(uri);
  }
}
