// A person's own: what they use and may use, tokens, the podcast, notices.
import { get, send } from './api.js';
import { ask, button, checkbox, el, field, showSecret, toast } from './dom.js';
import { badge, panel, table } from './panels.js';
import { moment, number, size, t } from './texts.js';

export function accountView() {
  return el(
    'div', { class: 'columns' },
    el('div', {}, panel('quota.title', quota), panel('feed.title', feed), panel('notices.title', notices)),
    el(
      'div', {}, panel('tokens.title', again => tokens(again), { acts: [['tokens.make', null, makeToken]] }),
      panel('hooks.title', hooks, { acts: [['hooks.add', null, addHook]] }),
      panel('log.title', again => deliveries(again))
    )
  );
}

/** How much of an amount is used, as a bar where there is a limit. */
export function amount(key, {used, limit}, say) {
  const text = limit === undefined ? say(used) : t('quota.of', { used: say(used), limit: say(limit) });
  return el(
    'div', { class: 'amount' }, el('p', {}, el('span', { t: key }), el('span', { class: 'value', textContent: text })),
    limit === undefined ?
      null :
      el('progress', { max: Math.max(1, limit), value: Math.min(used, limit), 'aria-label': t(key) })
  );
}

const minutes = value => `${number(value)} min`;

async function quota() {
  const { bytes, minutes: converted, waiting } = await get('/quota');
  return [
    amount('quota.bytes', bytes, size), amount('quota.minutes', converted, minutes),
    amount('quota.waiting', waiting, number)
  ];
}

/** A person's API tokens: one's own, or for admins those of the person with this email. */
export async function tokens(again, email) {
  const { tokens: list } = await get(email ? `/tokens?${new URLSearchParams({ user: email })}` : '/tokens');
  const text = !email && el('p', { class: 'faint', t: 'tokens.text' });
  if (!list.length) return [text, el('p', { t: 'tokens.none' })];
  return [
    text,
    table(
      'tokens.title', ['tokens.name', 'tokens.scopes', 'tokens.used', 'tokens.expires', null],
      list.map(
        token =>
          [token.name,
           token.scopes.map(scope => t(`scope.${scope}`)).join('; '),
           token.lastUsed ? moment(token.lastUsed) : t('tokens.never'),
           token.expires ? moment(token.expires) : t('tokens.never'),
           button(
             'tokens.revoke', 'trash',
             async () => {
               await ask({
                 title: t('tokens.revoke.title', { name: token.name }),
                 text: t('tokens.revoke.text'),
                 yes: 'tokens.revoke',
                 isDanger: true,
                 act: () => send('DELETE', `/tokens/${token.id}`)
               });
               again();
             },
             { bare: true }
           ),
  ]
      )
    )
  ];
}

async function makeToken(again) {
  const name = el('input', { name: 'name', required: true, maxlength: 100, autocomplete: 'off' });
  const days = el('input', { name: 'days', type: 'number', min: 1, max: 3650, inputmode: 'numeric' });
  const scopes = [
    'upload', 'download', 'admin'
  ].map(scope => [scope, el('input', { name: 'scope', value: scope, checked: scope === 'download' })]);
  const token = await ask({
    title: t('tokens.make'),
    yes: 'tokens.make',
    content: [
      field('tokens.name', name),
      el(
        'fieldset', {}, el('legend', { t: 'tokens.scopes' }),
        ...scopes.map(([scope, box]) => checkbox(`scope.${scope}`, box))
      ),
      field('tokens.days', days, 'tokens.days.hint')
    ],
    act: async form => {
      const wanted = form.getAll('scope');
      if (!wanted.length) throw new Error(t('tokens.scopeWanted'));
      return send(
        'POST', '/tokens',
        { name: form.get('name'), scopes: wanted, ...(form.get('days') ? { days: Number(form.get('days')) } : {}) }
      );
    },
  });
  if (!token) return;
  await showSecret(t('tokens.made'), token.token);
  again();
}

async function feed() {
  return [
    el('p', { class: 'faint', t: 'feed.text' }),
    el(
      'div', { class: 'buttons' },
      button(
        'feed.make', null,
        async () => {
          const made = await ask({
            title: t('feed.make.title'),
            text: t('feed.make.text'),
            yes: 'feed.make',
            act: () => send('POST', '/feed')
          });
          if (made) await showSecret(t('feed.made'), made.url);
        }
      ),
      button(
        'feed.end', null,
        async () => {
          const isGone = await ask({
            title: t('feed.end.title'),
            text: t('feed.end.text'),
            yes: 'feed.end',
            isDanger: true,
            act: async () => {
              await send('DELETE', '/feed');
              return true;
            }
          });
          if (isGone) toast(t('feed.ended'));
        }
      )
    )
  ];
}

async function notices() {
  const { mail, mailAvailable } = await get('/notices');
  if (!mailAvailable) return el('p', { class: 'faint', t: 'notices.noMail' });
  const box = el('input', {
    checked: mail,
    onchange: async () => {
      try {
        await send('PUT', '/notices', { mail: box.checked });
      } catch (error) {
        box.checked = !box.checked;
        toast(error.message, { isError: true });
      }
    }
  });
  return checkbox('notices.mail', box);
}

const sayError = work => work.catch(error => toast(error.message, { isError: true }));

async function hooks(again) {
  const { webhooks } = await get('/webhooks');
  const secret = button('hooks.secret', null, async () => {
    const made = await ask({
      title: t('hooks.secret.title'),
      text: t('hooks.secret.text'),
      yes: 'hooks.secret',
      act: () => send('POST', '/webhooks/secret')
    });
    if (made) await showSecret(t('hooks.secret.made'), made.secret);
  });
  const rows = webhooks.map(
    hook =>
      [el('span', { class: 'url' }, hook.url, hook.ended ? badge('failed', t('hooks.ended')) : null),
       el(
         'div', { class: 'acts' },
         button(
           'hooks.test', null,
           () => sayError(send('POST', `/webhooks/${hook.id}/test`).then(() => toast(t('hooks.tested'))))
         ),
         button(
           'hooks.remove', 'trash',
           async () => {
             await ask({
               title: t('hooks.remove.title'),
               text: hook.url,
               yes: 'hooks.remove',
               isDanger: true,
               act: () => send('DELETE', `/webhooks/${hook.id}`)
             });
             again();
           },
           { bare: true }
         )
       ),
  ]
  );
  return [
    el('p', { class: 'faint', t: 'hooks.text' }),
    rows.length ? table('hooks.title', ['hooks.url', null], rows) : el('p', { t: 'hooks.none' }),
    el('div', { class: 'buttons' }, secret)
  ];
}

async function addHook(again) {
  const url = el('input', { name: 'url', type: 'url', required: true, autocomplete: 'off', placeholder: 'https://' });
  const hook = await ask({
    title: t('hooks.add'),
    content: [field('hooks.url', url)],
    yes: 'hooks.add',
    act: form => send('POST', '/webhooks', { url: form.get('url') })
  });
  if (hook?.secret) await showSecret(t('hooks.secret.made'), hook.secret);
  again();
}

/** What was sent, and how it went. */
export async function deliveries(again) {
  const { deliveries: list } = await get('/webhooks/deliveries?limit=50');
  if (!list.length) return el('p', { class: 'faint', t: 'log.none' });
  const kinds = { waiting: 'waiting', delivered: 'done', 'given-up': 'failed' };
  return table(
    'log.title', ['log.when', 'log.event', 'log.target', 'log.state', null],
    list.map(
      one =>
        [el('span', { class: 'nowrap', textContent: moment(one.last ?? one.created) }),
         one.event,
         el('span', { class: 'url', textContent: one.target }),
         el(
           'span', {}, badge(kinds[one.state], t(`log.${one.state}`)),
           ` ${[one.status, t('log.tries', { tries: one.tries }), one.error].filter(Boolean).join(' · ')}`
         ),
         one.state === 'waiting' ?
           '' :
           button(
             'log.resend', 'again',
             () => sayError(send('POST', `/webhooks/deliveries/${one.number}/resend`).then(again)), { bare: true }
           ),
  ]
    )
  );
}
