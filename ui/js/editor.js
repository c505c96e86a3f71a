// The text editor: CodeMirror 6 over one file, with the undo history kept per file.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyField, historyKeymap } from "@codemirror/commands";
import { jinja } from "@codemirror/lang-jinja";
import { markdown } from "@codemirror/lang-markdown";
import { yaml, yamlFrontmatter } from "@codemirror/lang-yaml";
import {
  bracketMatching, codeFolding, foldedRanges, foldEffect, HighlightStyle, syntaxHighlighting, unfoldEffect,
} from "@codemirror/language";
import { forEachDiagnostic, lintGutter, lintKeymap, setDiagnostics as markDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, ChangeSet, Compartment, EditorState, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, keymap, lineNumbers, tooltips, ViewPlugin,
} from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

// The page's policy drops stylesheets without its nonce, and an unstyled editor turns typed
// trailing spaces into U+00A0. The nonce reads back from the property, not the attribute.
const nonce = document.getElementById("boot")?.nonce ?? "";

/** States of files whose editor is closed, so that undo survives leaving a view. */
const closed = new Map();

/** Marks a change that came from the application, which must not be reported back to it. */
const fromApp = Annotation.define();

const variables = new Compartment();

const colours = HighlightStyle.define([
  { tag: t.heading, class: "tok-heading" },
  { tag: [t.keyword, t.controlKeyword, t.operatorKeyword, t.definitionKeyword, t.logicOperator], class: "tok-keyword" },
  { tag: [t.brace, t.processingInstruction, t.tagName], class: "tok-tag" },
  { tag: [t.variableName, t.propertyName], class: "tok-variable" },
  { tag: [t.definition(t.propertyName), t.attributeName], class: "tok-key" },
  { tag: [t.string, t.special(t.string), t.content], class: "tok-plain" },
  { tag: [t.number, t.bool, t.null, t.atom], class: "tok-number" },
  { tag: [t.comment, t.lineComment, t.blockComment, t.meta], class: "tok-comment" },
  { tag: [t.emphasis], class: "tok-emphasis" },
  { tag: [t.strong], class: "tok-strong" },
  { tag: [t.monospace], class: "tok-code" },
  { tag: [t.link, t.url], class: "tok-link" },
]);

const roleLine = Decoration.line({ class: "cm-role" });
const ROLE = /^(system|user|assistant|developer)(\[[^\]]*\])?:$/;

/** Sets the lines that open a message apart from the text around them. */
const roleLines = ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = rolesIn(view); }
  update(update) {
    if (update.docChanged || update.viewportChanged) this.decorations = rolesIn(update.view);
  }
}, { decorations: (plugin) => plugin.decorations });

function rolesIn(view) {
  const found = new RangeSetBuilder();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to;) {
      const line = view.state.doc.lineAt(at);
      if (ROLE.test(line.text)) found.add(line.from, line.from, roleLine);
      at = line.to + 1;
    }
  }
  return found.finish();
}

/** Where the front matter stands, without its first line; null when there is none. */
function frontMatter(doc) {
  if (doc.lines < 3 || doc.line(1).text !== "---") return null;
  for (let n = 2; n <= doc.lines; n++) {
    const line = doc.line(n);
    if (line.text === "---") return { from: doc.line(1).to, to: line.to };
  }
  return null;
}

/** Opens the editor on the words; the inspector tells the front matter's facts. A cursor in it keeps it open. */
function foldFrontMatter(view, fresh) {
  const { doc, selection } = view.state;
  const folded = frontMatter(doc);
  if (!folded || (!fresh && selection.main.head <= folded.to)) return;
  const start = { anchor: Math.min(folded.to + 1, doc.length) };
  view.dispatch({ effects: foldEffect.of(folded), ...(fresh ? { selection: start } : {}) });
}

/** Shows folded front matter again when a problem stands in it. */
function unfoldAround(view, problems) {
  const opened = [];
  foldedRanges(view.state).between(0, view.state.doc.length, (from, to) => {
    if (problems.some((p) => p.severity === "error" && p.from < to && p.to > from)) opened.push(unfoldEffect.of({ from, to }));
  });
  if (opened.length > 0) view.dispatch({ effects: opened });
}

/** Mends what is wrong at the cursor; where nothing is, says so by doing nothing. */
function mendHere(view) {
  const { from, to } = view.state.selection.main;
  let found = null;
  forEachDiagnostic(view.state, (problem, start, end) => {
    if (start <= to && end >= from && problem.actions?.length) found ??= { problem, start, end };
  });
  found?.problem.actions[0].apply(view, found.start, found.end);
  return found !== null;
}

/** A problem as CodeMirror takes it, with a button for its fix. */
function marked(problem, end) {
  const { fix } = problem;
  const actions = fix && [{ name: fix.title, apply: (view) => view.assayFix(fix.code, fix.at) }];
  return { ...problem, from: Math.min(problem.from, end), to: Math.min(problem.to, end), actions: actions ?? undefined };
}

/** What the template language offers beside the prompt's own inputs. */
const TAGS = ["if", "elif", "else", "endif", "for", "endfor"]
  .map((label) => ({ label, type: "keyword" }));

/** Completes inputs inside `{{ … }}` and `{% … %}`. */
function templateCompletions(inputs) {
  return (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
    if (open < 0 || /[}%]\}/.test(before.slice(open))) return null;
    const word = context.matchBefore(/[A-Za-z_][\w]*/);
    if (!word && !context.explicit && !/(\{\{|\{%)\s*$/.test(before)) return null;
    const options = before.startsWith("{%", open) ? [...TAGS, ...inputs] : inputs;
    return { from: word ? word.from : context.pos, options, validFor: /^\w*$/ };
  };
}

const completeWith = (inputs) => autocompletion({
  override: [templateCompletions(inputs)], icons: false, activateOnTyping: true,
});

/**
 * What was typed in a view and not reported yet. Reports are made at most once a frame, however fast keys arrive; a text
 * that the application sets within that frame knows nothing of those keys and must not take them away.
 */
class Typed {
  constructor(onChange) {
    this.onChange = onChange;
    this.changes = null;
  }

  /** Takes note of a typed transaction. */
  add(view, transaction) {
    if (this.changes) {
      this.changes = this.changes.compose(transaction.changes);
      return;
    }
    this.before = transaction.startState.doc;
    this.changes = transaction.changes;
    this.frame = requestAnimationFrame(() => this.report(view));
  }

  /** Reports what is not reported. */
  report(view) {
    if (!this.changes) return;
    cancelAnimationFrame(this.frame);
    this.changes = null;
    this.onChange(view.state.doc.toString());
  }

  /** The text as the application knows it. */
  known(view) {
    return this.changes ? this.before : view.state.doc;
  }

  /** A change of the text that the application knows, as one of the text on screen. */
  over(change) {
    if (!this.changes) return change;
    const onScreen = change.map(this.changes);
    this.changes = this.changes.map(change, true);
    this.before = change.apply(this.before);
    return onScreen;
  }
}

function reportChanges(typed) {
  return EditorView.updateListener.of((update) => {
    for (const change of update.transactions) {
      if (change.docChanged && !change.annotation(fromApp)) typed.add(update.view, change);
    }
  });
}

/** What a file is written in, by its name. */
function language(file) {
  if (/\.ya?ml$/.test(file)) return yaml();
  return [yamlFrontmatter({ content: jinja({ base: markdown() }) }), roleLines];
}

function extensions(options, typed, onFocus) {
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), highlightSpecialChars(),
    history(), drawSelection(), EditorView.lineWrapping, bracketMatching(), closeBrackets(),
    // Outside the column, which cuts off what reaches over its edge.
    tooltips({ parent: document.body }),
    search({ top: true }), highlightSelectionMatches(), lintGutter(),
    language(options.key), syntaxHighlighting(colours),
    codeFolding({ placeholderText: "front matter" }),
    variables.of(completeWith([])),
    // Tab leaves the editor, as everywhere else in the window.
    keymap.of([
      { key: "Alt-Enter", run: mendHere },
      ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap,
    ].filter((binding) => binding.key !== "Mod-Enter" && binding.key !== "Alt-d")),
    EditorState.readOnly.of(options.readOnly ?? false),
    EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0", spellcheck: "true", autocorrect: "off" }),
    EditorView.domEventHandlers({ focus: () => { onFocus(); return false; } }),
    reportChanges(typed),
  ];
}

/** Opens an editor in `parent`. `options`: `{key, label, text, readOnly, unfolded}`; `key` is the file's path. */
export function create(parent, options, onChange, onFocus, onFix) {
  const typed = new Typed(onChange);
  const extension = extensions(options, typed, onFocus);
  const before = closed.get(options.key);
  closed.delete(options.key);
  const state = before && before.doc === options.text
    ? EditorState.fromJSON(before.state, { extensions: extension }, { history: historyField })
    : EditorState.create({ doc: options.text, extensions: extension });
  const view = new EditorView({ state, parent });
  view.assayKey = options.key;
  view.assayFix = onFix;
  view.assayTyped = typed;
  if (!options.unfolded) foldFrontMatter(view, !before);
  return view;
}

/** Closes an editor; its undo history waits for the next one of the same file. */
export function destroy(view) {
  view.assayTyped.report(view);
  closed.set(view.assayKey, {
    doc: view.state.doc.toString(),
    state: view.state.toJSON({ history: historyField }),
  });
  view.destroy();
}

/** Forgets the histories of all closed editors: another workspace was opened. */
export function forget() {
  closed.clear();
}

/** Replaces the text without reporting it as a change made here. Only what differs is replaced, so cursor and scroll stay. */
export function setText(view, text) {
  const before = view.assayTyped.known(view);
  const now = before.toString();
  if (now === text) return;
  const shorter = Math.min(now.length, text.length);
  let from = 0;
  while (from < shorter && now[from] === text[from]) from++;
  let same = 0;
  while (same < shorter - from && now[now.length - 1 - same] === text[text.length - 1 - same]) same++;
  const insert = text.slice(from, text.length - same);
  const change = ChangeSet.of({ from, to: now.length - same, insert }, before.length);
  view.dispatch({ changes: view.assayTyped.over(change), annotations: fromApp.of(true) });
}

/** Underlines problems: `[{from, to, severity, message, fix}]`, in UTF-16 code units. */
export function setDiagnostics(view, problems) {
  const end = view.state.doc.length;
  const within = problems.map((problem) => marked(problem, end));
  view.dispatch(markDiagnostics(view.state, within));
  unfoldAround(view, within);
}

/** Offers inputs for completion: `[{label, detail}]`. */
export function setVariables(view, inputs) {
  const options = inputs.map((input) => ({ ...input, type: "variable" }));
  view.dispatch({ effects: variables.reconfigure(completeWith(options)) });
}

export function focus(view) {
  view.focus();
}

/** Puts `text` in place of the selection. */
export function insert(view, text) {
  view.dispatch(view.state.replaceSelection(text));
  view.focus();
}

/** Moves the cursor to a place and shows it. */
export function reveal(view, at) {
  const anchor = Math.min(at, view.state.doc.length);
  view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  view.focus();
}

// For tests that drive the window: an editor draws only the lines in sight, so its text cannot
// be read from the page.
window.assayEditorText = (testid) => {
  const content = document.querySelector(`[data-testid="${CSS.escape(testid)}"] .cm-content`);
  return content ? EditorView.findFromDOM(content)?.state.doc.toString() ?? null : null;
};
