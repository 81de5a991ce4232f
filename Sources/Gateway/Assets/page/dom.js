// Elements, icons, dialogs and what is said to people at the edge of the page.
import { t } from './texts.js';

/**
 * Makes an element. Of the attributes `class` is the class, `on…` a listener, `t`, `tLabel`, `tTitle` and `tHint` keys
 * of texts, which follow the language; those that are null, undefined or false are left out.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 't') element.dataset.t = value;
    else if (key === 'tLabel') element.dataset.tLabel = value;
    else if (key === 'tTitle') element.dataset.tTitle = value;
    else if (key === 'tHint') element.dataset.tHint = value;
    else if (['value', 'checked', 'textContent', 'htmlFor', 'disabled', 'hidden', 'selected'].includes(key))
      element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  translate(element);
  element.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

function translate(element) {
  const { t: text, tLabel, tTitle, tHint } = element.dataset;
  if (text) element.textContent = t(text);
  if (tLabel) element.setAttribute('aria-label', t(tLabel));
  if (tTitle) element.title = t(tTitle);
  if (tHint) element.placeholder = t(tHint);
}

/** All that stands on the page, in the language of now. */
export function translateAll() {
  for (const element of document.querySelectorAll('[data-t],[data-t-label],[data-t-title],[data-t-hint]')) {
    translate(element);
  }
}

/** Sets a text only where it is another, so that nothing is read out or laid out anew for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Paths in a square of 20.
const paths = {
  play: 'M6 4.2v11.6a.6.6 0 0 0 .9.5l9.6-5.8a.6.6 0 0 0 0-1L6.9 3.7a.6.6 0 0 0-.9.5z',
  pause: 'M6 4h2.6v12H6zM11.4 4H14v12h-2.6z',
  download: 'M10 3v9m0 0 3.6-3.6M10 12 6.4 8.4M4 16.5h12',
  link:
    'M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3l1-1',
  trash: 'M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.7 10.5h7.6l.7-10.5M8.5 8.5v4.5M11.5 8.5v4.5',
  again: 'M15.5 8A6 6 0 1 0 16 11M16 4v4h-4',
  more: 'M5 7.5l5 5 5-5',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5l4 4 8-9',
  alert: 'M10 6v5M10 14v.1M10 2.5 1.8 17h16.4z',
  clock: 'M10 5.5V10l3 2M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z',
  upload: 'M10 13V4m0 0L6.4 7.6M10 4l3.6 3.6M4 16.5h12',
  note:
    'M7.5 15V5l8-1.5v10M7.5 15a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0zM15.5 13.5a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0z',
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4',
  options: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
};

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon and, unless it is `bare`, its text beside it. */
export function button(key, iconName, action, {kind = '', bare = false} = {}) {
  const content = [iconName && icon(iconName), !bare && el('span', { t: key })];
  const attributes = bare ? { tLabel: key, tTitle: key } : {};
  return el(
    'button', { type: 'button', class: `button ${kind} ${bare ? 'bare' : ''}`, onclick: action, ...attributes },
    ...content
  );
}

let counter = 0;

/** A label with what it names, and a hint below it. */
export function field(key, input, hintKey) {
  input.id ||= `field-${++counter}`;
  const hint = hintKey && el('p', { class: 'hint', id: `${input.id}-hint`, t: hintKey });
  if (hint) input.setAttribute('aria-describedby', hint.id);
  return el('div', { class: 'field' }, el('label', { htmlFor: input.id, t: key }), input, hint);
}

/** A switch with its label behind it. */
export function checkbox(key, input) {
  input.type = 'checkbox';
  return el('label', { class: 'check' }, input, el('span', { t: key }));
}

// What a screen reader is told. Several pieces of news of one moment are one message, or each would cut off the last.
let news = [];
export function announce(sentence) {
  news.push(sentence);
  if (news.length > 1) return;
  setTimeout(() => {
    document.querySelector('#news').textContent = news.slice(0, 5).join(' ');
    news = [];
  }, 400);
}

/** A sentence at the edge that goes by itself. Errors stay until they are closed. */
export function toast(sentence, {isError = false} = {}) {
  const close = () => box.remove();
  const box = el(
    'div', { class: `toast ${isError ? 'error' : ''}`, role: isError ? 'alert' : null },
    icon(isError ? 'alert' : 'check'), el('p', { textContent: sentence }),
    button('close', 'close', close, { bare: true })
  );
  document.querySelector('.toasts').append(box);
  if (!isError) {
    announce(sentence);
    setTimeout(close, 6000);
  }
}

/**
 * Shows a dialog with a form, whose `act` gets it. An error of `act` is a sentence in the dialog, which stays.
 * The promise is what `act` returned, or undefined where the person thought better of it.
 */
export function ask({title, text, content = [], yes, no = 'cancel', isDanger = false, act = async () => true}) {
  return new Promise(resolve => {
    const opener = document.activeElement;
    const problem = el('p', { class: 'problem', role: 'alert', hidden: true });
    const submit = el('button', { class: `button ${isDanger ? 'danger' : 'primary'}`, t: yes });
    const end = value => {
      dialog.remove();
      if (opener?.isConnected) opener.focus();
      resolve(value);
    };
    const form = el(
      'form', {
        method: 'dialog',
        novalidate: true,
        async onsubmit(event) {
          event.preventDefault();
          if (!form.reportValidity()) return;
          submit.disabled = true;
          try {
            end(await act(new FormData(form)));
          } catch (error) {
            problem.textContent = error.message;
            problem.hidden = false;
            submit.disabled = false;
          }
        }
      },
      el('h2', { id: 'ask-title', textContent: title }), text && el('p', { id: 'ask-text', textContent: text }),
      ...content, problem,
      el(
        'div', { class: 'buttons' },
        no && el('button', { type: 'button', class: 'button', t: no, onclick: () => end() }), submit
      )
    );
    const dialog = el(
      'dialog', { 'aria-labelledby': 'ask-title', 'aria-describedby': text ? 'ask-text' : null, oncancel: () => end() },
      form
    );
    document.body.append(dialog);
    dialog.showModal();
    if (!content.length) (isDanger ? form.querySelector('.buttons button') : submit).focus();
  });
}

/** Something that is shown once, to be copied. */
export function showSecret(title, value) {
  const input = el(
    'input', { value, readonly: true, 'aria-label': title, class: 'secret', onfocus: event => event.target.select() }
  );
  const copy = button('copy', 'link', async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(value);
    } catch { document.execCommand('copy'); }
    announce(t('copied'));
  });
  return ask({ title, content: [el('div', { class: 'copy' }, input, copy)], yes: 'ok', no: null });
}
