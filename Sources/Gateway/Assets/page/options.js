// How the next files are converted: the form beside the drop zone, remembered in this browser.
import { checkbox, el, field } from './dom.js';
import { language, languageName, t } from './texts.js';

const key = 'mp3spool.options';
const presets = ['v0', 'v2', 'v4', 'v6', 'cbr-320', 'cbr-192', 'cbr-128', 'abr-192', 'voice'];
const codes =
  ['deu', 'eng', 'fra', 'spa', 'ita', 'por', 'nld', 'pol', 'tur', 'rus', 'ukr', 'ara', 'hin', 'jpn', 'kor', 'zho'];
const loudnesses = ['', '-14', '-16', '-19', '-23'];

/** What was chosen last. */
export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch { return {}; }
}

const time = /^(\d+:){0,2}\d+(\.\d{1,3})?$/;
const inSeconds = text => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

const choice = (value, text, chosen) => el('option', { value, selected: value === chosen, textContent: text });

/**
 * A form of options.
 * `values` gives them as the service calls them, or throws where they are wrong, with the form showing where.
 */
export function optionsForm(chosen, onChange = () => {}) {
  const select = (name, choices) => {
    // A choice that was made elsewhere, such as by a program, stays a choice.
    if (chosen[name] && !choices.some(([value]) => value === chosen[name])) choices.push([chosen[name], chosen[name]]);
    return el('select', { name }, ...choices.map(([value, text]) => choice(value, text, chosen[name] ?? '')));
  };
  const [from = '', to = ''] = (chosen.trim ?? '').split('-');
  const input = {
    preset: select('preset', [['', `${t('options.default')}`], ...presets.map(name => [name, t(`preset.${name}`)])]),
    track: select(
      'track',
      [
        ['', t('options.track.own')],
        ...['1', '2', '3', '4'].map(number => [number, t('options.track.number', { number })]),
        ['all', t('options.track.all')]
      ]
    ),
    language: select(
      'language',
      [
        ['', t('options.language.any')],
        ...codes.map(code => [code, languageName(code)]).sort((a, b) => a[1].localeCompare(b[1], language))
      ]
    ),
    loudness:
      select('loudness', loudnesses.map(value => [value, t(`options.loudness.${value ? value.slice(1) : 'own'}`)])),
    channels: select(
      'channels',
      [
        ['', t('options.channels.source')],
        ...['mono', 'stereo', 'auto'].map(name => [name, t(`options.channels.${name}`)])
      ]
    ),
    from: el('input', { name: 'from', value: from, autocomplete: 'off', spellcheck: 'false' }),
    to: el('input', { name: 'to', value: to, autocomplete: 'off', spellcheck: 'false' }),
    duplicate: el('input', { name: 'duplicate', checked: chosen.duplicate === 'convert' }),
  };
  const check = () => {
    const [start, end] = [input.from, input.to].map(one => one.value.trim());
    for (const one of [input.from, input.to])
      one.setCustomValidity(!one.value.trim() || time.test(one.value.trim()) ? '' : t('options.trim.bad'));
    if (time.test(start) && time.test(end) && inSeconds(end) <= inSeconds(start))
      input.to.setCustomValidity(t('options.trim.order'));
    return input.from.checkValidity() && input.to.checkValidity();
  };
  const values = () => {
    if (!check()) {
      (input.from.checkValidity() ? input.to : input.from).reportValidity();
      throw new Error(input.from.validationMessage || input.to.validationMessage);
    }
    const found = {};
    for (const name of ['preset', 'track', 'language', 'loudness', 'channels'])
      if (input[name].value) found[name] = input[name].value;
    if (input.from.value.trim() || input.to.value.trim())
      found.trim = `${input.from.value.trim()}-${input.to.value.trim()}`;
    if (input.duplicate.checked) found.duplicate = 'convert';
    return found;
  };
  const body = el(
    'div', { class: 'options', onchange: () => check() && onChange(values()) }, field('options.preset', input.preset),
    field('options.loudness', input.loudness), field('options.track', input.track),
    field('options.language', input.language), field('options.channels', input.channels),
    el(
      'fieldset', { class: 'pair' }, el('legend', { t: 'options.trim' }), field('options.from', input.from),
      field('options.to', input.to), el('p', { class: 'hint', t: 'options.trim.hint' })
    ),
    checkbox('options.duplicate', input.duplicate)
  );
  // A track and a language are two ways to say the same.
  input.track.addEventListener('change', () => {
    if (input.track.value) input.language.value = '';
  });
  input.language.addEventListener('change', () => {
    if (input.language.value) input.track.value = '';
  });
  return { body, values };
}

/** The form that stands on the page. It keeps what was chosen. */
export function rememberedForm(onChange) {
  return optionsForm(remembered(), values => {
    localStorage.setItem(key, JSON.stringify(values));
    onChange(values);
  });
}

export function forget() { localStorage.removeItem(key); }

/** Options in a few words, such as `V2 · mono · −16 LUFS`; empty for the defaults. */
export function summary(options) {
  const words = [];
  if (options.preset)
    words.push(options.preset === 'voice' ? t('preset.voice').split(' (')[0] : options.preset.toUpperCase());
  if (options.track)
    words.push(options.track === 'all' ? t('options.track.all') : t('options.track.number', { number: options.track }));
  if (options.language) words.push(languageName(options.language));
  if (options.channels && options.channels !== 'source') words.push(t(`options.channels.${options.channels}`));
  if (options.rate) words.push(`${options.rate} Hz`);
  if (options.loudness) words.push(`${String(options.loudness).replace('-', '−')} LUFS`);
  if (options.trim) words.push(options.trim.replace('-', '–'));
  return words.join(' · ');
}
