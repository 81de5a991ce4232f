// Parts of the page that are read when they are shown.
import { button, el } from './dom.js';
import { t } from './texts.js';

let counter = 0;

/**
 * A part with a title, whose content `load` fetches and makes. `load` gets a function that does it again, for after a
 * change. What cannot be loaded is a sentence and a button.
 */
export function panel(titleKey, load, {acts = []} = {}) {
  const id = `panel-${++counter}`;
  const body = el('div', { class: 'body' }, el('p', { class: 'faint', t: 'loading' }));
  const again = async () => {
    try {
      body.replaceChildren(...[await load(again)].flat().filter(Boolean));
    } catch (error) {
      body.replaceChildren(
        el('p', {
          class: 'problem',
          textContent: error.status === 404 ? t('admin.missing') : t('error.load', { reason: error.message })
        }),
        button('error.again', 'again', again)
      );
    }
  };
  again();
  return el(
    'section', { class: 'panel', 'aria-labelledby': id },
    el(
      'div', { class: 'bar' }, el('h2', { id, t: titleKey }),
      ...acts.map(([key, icon, act]) => button(key, icon, () => act(again)))
    ),
    body
  );
}

/** A table that scrolls by itself where it is too wide; each column is a text's key, or null for one of buttons. */
export function table(captionKey, columns, rows) {
  return el(
    'div', { class: 'table', tabindex: 0, role: 'group', tLabel: captionKey },
    el(
      'table', {},
      el('thead', {}, el('tr', {}, ...columns.map(key => key ? el('th', { scope: 'col', t: key }) : el('td')))),
      el(
        'tbody', {},
        ...rows.map(
          cells => el(
            'tr', {}, ...cells.map((cell, index) => el(index ? 'td' : 'th', index ? {} : { scope: 'row' }, cell ?? ''))
          )
        )
      )
    )
  );
}

export const badge = (kind, text) => el('span', {class: `badge ${kind}`, textContent: text});
