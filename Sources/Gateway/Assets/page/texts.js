// All that the page says, in English and German, and how it writes numbers, sizes and times.

/** In English and in German, by their keys. */
export const texts = {
  skip: ['Skip to the content', 'Zum Inhalt'],
  nav: ['Parts of the page', 'Bereiche der Seite'],
  'nav.jobs': ['Conversions', 'Umwandlungen'],
  'nav.account': ['Account', 'Konto'],
  'nav.admin': ['Administration', 'Verwaltung'],
  language: ['Language', 'Sprache'],
  logout: ['Log out', 'Abmelden'],
  close: ['Close', 'Schließen'],
  cancel: ['Cancel', 'Abbrechen'],
  save: ['Save', 'Speichern'],
  loading: ['Loading…', 'Wird geladen …'],
  more: ['Show more', 'Mehr anzeigen'],
  none: ['–', '–'],
  unlimited: ['no limit', 'ohne Grenze'],

  'login.title': ['Log in', 'Anmelden'],
  'login.welcome': ['Videos in, MP3s out.', 'Videos hinein, MP3s heraus.'],
  'login.expired': [
    'Your login has ended. Log in again, and everything goes on where it was.',
    'Ihre Anmeldung ist abgelaufen. Melden Sie sich wieder an, dann geht alles dort weiter, wo es war.'
  ],
  'login.email': ['Email', 'E-Mail'],
  'login.password': ['Password', 'Passwort'],
  'login.wrong': ['Email and password do not fit together.', 'E-Mail und Passwort passen nicht zusammen.'],
  'login.missing': ['Type your email and your password.', 'Geben Sie E-Mail und Passwort ein.'],
  'login.tooMany': [
    'Too many tries. Wait {seconds} s, then try again.',
    'Zu viele Versuche. Warten Sie {seconds} s, dann versuchen Sie es noch einmal.'
  ],

  'error.noAnswer': ['The service does not answer.', 'Der Dienst antwortet nicht.'],
  'error.status': ['The service answered with status {status}.', 'Der Dienst antwortete mit dem Status {status}.'],
  'error.load': ['This could not be loaded: {reason}', 'Das konnte nicht geladen werden: {reason}'],
  'error.again': ['Try again', 'Noch einmal'],
  'stale.offline':
    ['You are offline. What you see is from {time}.', 'Sie sind offline. Was Sie sehen, ist von {time}.'],
  'stale.lost': [
    'No connection to the service since {time}. The page keeps trying.',
    'Seit {time} keine Verbindung zum Dienst. Die Seite versucht es weiter.'
  ],
  'stale.now': ['Try now', 'Jetzt versuchen'],
  'stale.back': ['Connected again.', 'Wieder verbunden.'],

  'drop.title': ['Drop videos here', 'Videos hier ablegen'],
  'drop.choose': ['Choose files', 'Dateien auswählen'],
  'drop.hint': ['Any video or audio file, as many as you like', 'Video- und Audiodateien, so viele Sie mögen'],
  'drop.empty': ['There was no file in what you dropped.', 'Darin war keine Datei.'],

  'options.title': ['Options', 'Optionen'],
  'options.region': ['Add files', 'Dateien hinzufügen'],
  'options.scope': [
    'For the next files you add. They are remembered.',
    'Für die nächsten Dateien, die Sie hinzufügen. Sie bleiben gemerkt.'
  ],
  'options.preset': ['Quality', 'Qualität'],
  'options.track': ['Audio track', 'Tonspur'],
  'options.track.own': ['The file’s own choice', 'Wie die Datei es vorsieht'],
  'options.track.number': ['Track {number}', 'Spur {number}'],
  'options.track.all': ['All, an MP3 of each', 'Alle, je eine MP3'],
  'options.language': ['Track by language', 'Spur nach Sprache'],
  'options.language.any': ['Any', 'Beliebig'],
  'options.loudness': ['Loudness', 'Lautheit'],
  'options.loudness.own': ['As it is', 'Wie sie ist'],
  'options.loudness.14': ['−14 LUFS, as music services', '−14 LUFS, wie Musikdienste'],
  'options.loudness.16': ['−16 LUFS, as podcasts', '−16 LUFS, wie Podcasts'],
  'options.loudness.19': ['−19 LUFS, as mono podcasts', '−19 LUFS, wie Mono-Podcasts'],
  'options.loudness.23': ['−23 LUFS, as broadcasts (EBU R 128)', '−23 LUFS, wie Rundfunk (EBU R 128)'],
  'options.channels': ['Channels', 'Kanäle'],
  'options.channels.source': ['As the source, stereo at most', 'Wie die Quelle, höchstens Stereo'],
  'options.channels.mono': ['Mono', 'Mono'],
  'options.channels.stereo': ['Stereo', 'Stereo'],
  'options.channels.auto': ['Mono where both sides are the same', 'Mono, wo beide Seiten gleich sind'],
  'options.from': ['From', 'Von'],
  'options.to': ['To', 'Bis'],
  'options.trim': ['Only a part', 'Nur ein Teil'],
  'options.trim.hint': ['Seconds or 1:02:03', 'Sekunden oder 1:02:03'],
  'options.trim.bad': [
    'A time is seconds or [h:]mm:ss, such as 90 or 1:30.', 'Eine Zeit sind Sekunden oder [h:]mm:ss, etwa 90 oder 1:30.'
  ],
  'options.trim.order': ['The end must lie after the beginning.', 'Das Ende muss nach dem Anfang liegen.'],
  'options.duplicate': ['Convert again what was converted before', 'Schon Umgewandeltes neu umwandeln'],
  'options.reset': ['Back to the defaults', 'Auf Voreinstellung zurück'],
  'options.default': ['Default', 'Voreinstellung'],

  'preset.v0': ['Best (V0, about 245 kbit/s)', 'Beste (V0, etwa 245 kbit/s)'],
  'preset.v2': ['High (V2, about 190 kbit/s)', 'Hoch (V2, etwa 190 kbit/s)'],
  'preset.v4': ['Good (V4, about 165 kbit/s)', 'Gut (V4, etwa 165 kbit/s)'],
  'preset.v6': ['Small (V6, about 115 kbit/s)', 'Klein (V6, etwa 115 kbit/s)'],
  'preset.cbr-128': ['Constant 128 kbit/s', 'Konstant 128 kbit/s'],
  'preset.cbr-192': ['Constant 192 kbit/s', 'Konstant 192 kbit/s'],
  'preset.cbr-320': ['Constant 320 kbit/s', 'Konstant 320 kbit/s'],
  'preset.abr-192': ['On average 192 kbit/s', 'Im Mittel 192 kbit/s'],
  'preset.voice': ['Speech (mono, 24 kHz, very small)', 'Sprache (mono, 24 kHz, sehr klein)'],

  'uploads.title': ['Uploads', 'Uploads'],
  'uploads.queued': ['Waits for its turn', 'Wartet, bis es dran ist'],
  'uploads.sending': ['{sent} of {size} · {speed}/s · {left} left', '{sent} von {size} · {speed}/s · noch {left}'],
  'uploads.starting': ['{sent} of {size}', '{sent} von {size}'],
  'uploads.finishing': ['Nearly there…', 'Gleich fertig …'],
  'uploads.paused': ['Paused at {sent} of {size}', 'Angehalten bei {sent} von {size}'],
  'uploads.retrying': [
    '{reason} Trying again soon; {sent} of {size} are safe.',
    '{reason} Es wird bald wieder versucht; {sent} von {size} sind sicher.'
  ],
  'uploads.fileWanted': [
    'Choose the file again to go on; {sent} of {size} are there.',
    'Wählen Sie die Datei noch einmal, dann geht es weiter; {sent} von {size} sind da.'
  ],
  'uploads.unreadable': [
    'The file cannot be read any more. Choose it again.', 'Die Datei ist nicht mehr lesbar. Wählen Sie sie noch einmal.'
  ],
  'uploads.otherFile': [
    'That is another file: “{name}” with {size} is wanted.',
    'Das ist eine andere Datei: Gebraucht wird „{name}“ mit {size}.'
  ],
  'uploads.pause': ['Pause', 'Anhalten'],
  'uploads.resume': ['Go on', 'Weiter'],
  'uploads.again': ['Try again', 'Noch einmal'],
  'uploads.choose': ['Choose the file', 'Datei auswählen'],
  'uploads.remove': ['Give up', 'Aufgeben'],
  'uploads.progress': ['Upload of {name}', 'Upload von {name}'],
  'uploads.done': ['{name} is uploaded.', '{name} ist hochgeladen.'],
  'uploads.duplicate':
    ['{name} was converted before; here is that MP3.', '{name} war schon umgewandelt; hier ist diese MP3.'],
  'uploads.failed': ['{name} was not uploaded: {reason}', '{name} wurde nicht hochgeladen: {reason}'],
  'uploads.notAllowed': ['You may not upload here.', 'Sie dürfen hier nichts hochladen.'],
  'uploads.tooLarge': ['The file is too large.', 'Die Datei ist zu groß.'],
  'uploads.noSpace': ['There is no space.', 'Es ist kein Platz.'],
  'uploads.tooMany': ['Too much at once.', 'Zu viel auf einmal.'],
  'uploads.already': ['{name} is being uploaded already.', '{name} wird schon hochgeladen.'],

  'jobs.title': ['Conversions', 'Umwandlungen'],
  'jobs.all': ['All', 'Alle'],
  'jobs.waiting': ['Waiting', 'Wartend'],
  'jobs.active': ['Converting', 'In Arbeit'],
  'jobs.done': ['Done', 'Fertig'],
  'jobs.failed': ['Failed', 'Fehler'],
  'jobs.filter': ['Show', 'Anzeigen'],
  'jobs.search': ['Search by name', 'Nach Namen suchen'],
  'jobs.owner': ['Whose', 'Wessen'],
  'jobs.everybodys': ['Everybody’s', 'Von allen'],
  'jobs.mine': ['Mine', 'Meine'],
  'jobs.empty': [
    'Nothing here yet. Drop a video, and its MP3 appears here.',
    'Noch nichts da. Legen Sie ein Video ab, dann erscheint hier seine MP3.'
  ],
  'jobs.noneFound': ['Nothing fits the filter.', 'Nichts passt zum Filter.'],
  'jobs.showAll': ['Show all', 'Alle anzeigen'],
  'jobs.by': ['by {owner}', 'von {owner}'],
  'jobs.isWaiting': ['Waits for a converter', 'Wartet auf einen Umwandler'],
  'jobs.isActive': ['{percent} · {speed}× · {left} left', '{percent} · {speed}× · noch {left}'],
  'jobs.isActiveLong': ['{position} converted · {speed}×', '{position} umgewandelt · {speed}×'],
  'jobs.isStarting': ['Conversion begins', 'Umwandlung beginnt'],
  'jobs.on': ['on {host}', 'auf {host}'],
  'jobs.attempt': ['attempt {number}', 'Versuch {number}'],
  'jobs.progress': ['Conversion of {name}', 'Umwandlung von {name}'],
  'jobs.play': ['Play', 'Abspielen'],
  'jobs.pause': ['Pause', 'Pause'],
  'jobs.download': ['Download', 'Herunterladen'],
  'jobs.details': ['Details', 'Einzelheiten'],
  'jobs.copy': ['Copy link', 'Link kopieren'],
  'jobs.copied':
    ['The link is copied. It is good for a day, for anybody.', 'Der Link ist kopiert. Er gilt einen Tag, für jeden.'],
  'jobs.link':
    ['Anybody can fetch the MP3 by this link for a day', 'Mit diesem Link kann jeder die MP3 einen Tag lang holen'],
  'jobs.delete': ['Delete', 'Löschen'],
  'jobs.cancel': ['Cancel', 'Abbrechen'],
  'jobs.retry': ['Try again', 'Noch einmal'],
  'jobs.otherOptions': ['With other options', 'Mit anderen Optionen'],
  'jobs.otherOptions.title': ['Convert “{name}” with other options', '„{name}“ mit anderen Optionen umwandeln'],
  'jobs.otherOptions.text': [
    'Set the options, then choose the file once more: it is uploaded again.',
    'Stellen Sie die Optionen ein und wählen Sie die Datei noch einmal: Sie wird neu hochgeladen.'
  ],
  'jobs.delete.title': ['Delete “{name}”?', '„{name}“ löschen?'],
  'jobs.delete.text':
    ['The MP3 and the source are removed for good.', 'Die MP3 und die Quelle werden endgültig entfernt.'],
  'jobs.cancel.title': ['Cancel the conversion of “{name}”?', 'Umwandlung von „{name}“ abbrechen?'],
  'jobs.cancel.text': [
    'It ends as failed. You can try it again later.',
    'Sie endet als gescheitert. Sie können sie später noch einmal versuchen.'
  ],
  'jobs.cancel.yes': ['Cancel the conversion', 'Umwandlung abbrechen'],
  'jobs.cancel.no': ['Let it run', 'Laufen lassen'],
  'jobs.cancel.late': ['{name} had come to its end already.', '{name} war schon zu Ende.'],
  'jobs.deleted': ['{name} is deleted.', '{name} ist gelöscht.'],
  'jobs.isDone': ['{name} is converted.', '{name} ist umgewandelt.'],
  'jobs.hasFailed': ['{name} could not be converted: {reason}', '{name} konnte nicht umgewandelt werden: {reason}'],
  'jobs.said': ['The service says: {sentence}', 'Der Dienst sagt: {sentence}'],

  'state.waiting': ['waiting', 'wartend'],
  'state.active': ['converting', 'in Arbeit'],
  'state.done': ['done', 'fertig'],
  'state.failed': ['failed', 'gescheitert'],

  'failure.no-audio-track': ['The file has no sound.', 'Die Datei hat keinen Ton.'],
  'failure.no-such-track': ['The file has no such audio track.', 'Die Datei hat keine solche Tonspur.'],
  'failure.not-media':
    ['The file is no video or audio, or is broken.', 'Die Datei ist kein Video oder Ton oder ist beschädigt.'],
  'failure.no-samples': ['No sound came out of the file.', 'Aus der Datei kam kein Ton.'],
  'failure.encrypted': ['The file is encrypted.', 'Die Datei ist verschlüsselt.'],
  'failure.crashed': ['The file brought its decoder down.', 'Die Datei hat ihren Decoder zum Absturz gebracht.'],
  'failure.exited': ['The decoder broke off.', 'Der Decoder brach ab.'],
  'failure.unavailable': [
    'No decoder could be started. Trying again may help.',
    'Es ließ sich kein Decoder starten. Ein neuer Versuch kann helfen.'
  ],
  'failure.empty-file': ['The file is empty.', 'Die Datei ist leer.'],
  'failure.unsupported-codec':
    ['The sound is in a form that is not known here.', 'Der Ton ist in einer Form, die hier nicht bekannt ist.'],
  'failure.not-encodable': ['No MP3 can be made of this sound.', 'Aus diesem Ton lässt sich keine MP3 machen.'],
  'failure.limit-exceeded':
    ['The file goes beyond what is allowed here.', 'Die Datei überschreitet, was hier erlaubt ist.'],
  'failure.timed-out': ['The file took too long.', 'Die Datei brauchte zu lange.'],
  'failure.cancelled': ['It was cancelled.', 'Es wurde abgebrochen.'],
  'failure.converter-died':
    ['The converter broke off. Trying again may help.', 'Der Umwandler brach ab. Ein neuer Versuch kann helfen.'],
  'failure.disk-full': ['There was no space on the disk.', 'Auf der Platte war kein Platz.'],
  'failure.wrong-size': ['The file is not as it was sent.', 'Die Datei ist nicht so, wie sie gesendet wurde.'],
  'failure.other': ['The conversion went wrong.', 'Die Umwandlung ging schief.'],

  'player.position': ['Position', 'Stelle'],
  'player.at': ['{time} of {duration}', '{time} von {duration}'],
  'player.failed': ['The MP3 could not be played.', 'Die MP3 konnte nicht abgespielt werden.'],
  'player.chapters': ['Chapters', 'Kapitel'],
  'player.cover': ['Cover', 'Titelbild'],
  'player.tracks': ['Audio tracks', 'Tonspuren'],

  'detail.title': ['Title', 'Titel'],
  'detail.artist': ['Artist', 'Interpret'],
  'detail.album': ['Album', 'Album'],
  'detail.date': ['Date', 'Datum'],
  'detail.genre': ['Genre', 'Genre'],
  'detail.comment': ['Comment', 'Kommentar'],
  'detail.source': ['Source', 'Quelle'],
  'detail.sound': ['Sound', 'Ton'],
  'detail.size': ['Size', 'Größe'],
  'detail.language': ['Language', 'Sprache'],
  'detail.loudness': ['Loudness', 'Lautheit'],
  'detail.options': ['Options', 'Optionen'],
  'detail.copied': ['The source’s MP3 was taken over unchanged.', 'Die MP3 der Quelle wurde unverändert übernommen.'],
  'detail.warnings': ['Notes', 'Hinweise'],
  'detail.submitted': ['Sent', 'Gesendet'],
  'detail.finished': ['Finished', 'Fertig'],
  'detail.exported': ['In the folder', 'Im Ordner'],
  'detail.id': ['Id', 'Kennung'],
  'channels.1': ['mono', 'mono'],
  'channels.2': ['stereo', 'stereo'],

  'quota.title': ['Use', 'Verbrauch'],
  'quota.bytes': ['Stored', 'Gespeichert'],
  'quota.minutes': ['Converted in 30 days', 'Umgewandelt in 30 Tagen'],
  'quota.waiting': ['Waiting', 'Wartend'],
  'quota.of': ['{used} of {limit}', '{used} von {limit}'],

  'tokens.title': ['API tokens', 'API-Tokens'],
  'tokens.text': [
    'For programs that send or fetch in your name. Each can be revoked.',
    'Für Programme, die in Ihrem Namen senden oder holen. Jedes lässt sich widerrufen.'
  ],
  'tokens.none': ['There are no tokens.', 'Es gibt keine Tokens.'],
  'tokens.make': ['Make a token', 'Token anlegen'],
  'tokens.name': ['Name', 'Name'],
  'tokens.scopes': ['May', 'Darf'],
  'tokens.days': ['Good for days', 'Gültig für Tage'],
  'tokens.days.hint': ['Empty: until it is revoked', 'Leer: bis zum Widerruf'],
  'tokens.used': ['Last used', 'Zuletzt benutzt'],
  'tokens.expires': ['Ends', 'Endet'],
  'tokens.never': ['never', 'nie'],
  'tokens.revoke': ['Revoke', 'Widerrufen'],
  'tokens.revoke.title': ['Revoke the token “{name}”?', 'Token „{name}“ widerrufen?'],
  'tokens.revoke.text':
    ['Programs that use it are locked out at once.', 'Programme, die es benutzen, sind sofort ausgesperrt.'],
  'tokens.made': ['This is the token. It is shown only now.', 'Das ist das Token. Es wird nur jetzt gezeigt.'],
  'tokens.scopeWanted': ['Choose at least one thing that it may do.', 'Wählen Sie mindestens eines, das es darf.'],
  'scope.upload': ['send files', 'Dateien senden'],
  'scope.download': ['see jobs and fetch MP3s', 'Umwandlungen sehen und MP3s holen'],
  'scope.admin':
    ['manage tokens and, for admins, see others’ jobs', 'Tokens verwalten und, bei Admins, Umwandlungen anderer sehen'],
  copy: ['Copy', 'Kopieren'],
  copied: ['Copied.', 'Kopiert.'],
  ok: ['OK', 'OK'],

  'feed.title': ['Podcast', 'Podcast'],
  'feed.text': [
    'A secret address with your newest MP3s, for any podcast player.',
    'Eine geheime Adresse mit Ihren neuesten MP3s, für jedes Podcast-Programm.'
  ],
  'feed.make': ['Make a new address', 'Neue Adresse anlegen'],
  'feed.make.title': ['Make a new podcast address?', 'Neue Podcast-Adresse anlegen?'],
  'feed.make.text': ['An earlier address is no good any more.', 'Eine frühere Adresse gilt dann nicht mehr.'],
  'feed.end': ['End the podcast', 'Podcast beenden'],
  'feed.end.title': ['End the podcast?', 'Podcast beenden?'],
  'feed.end.text': ['Players cannot fetch it any more.', 'Programme können ihn nicht mehr abrufen.'],
  'feed.ended': ['There is no podcast any more.', 'Es gibt keinen Podcast mehr.'],
  'feed.made': [
    'This is the podcast’s address. It is shown only now.',
    'Das ist die Adresse des Podcasts. Sie wird nur jetzt gezeigt.'
  ],

  'notices.title': ['Notices', 'Benachrichtigungen'],
  'notices.mail': ['Send me a mail at the end of each conversion', 'Am Ende jeder Umwandlung eine E-Mail schicken'],
  'notices.noMail': ['This service sends no mail.', 'Dieser Dienst verschickt keine E-Mails.'],
  'hooks.title': ['Webhooks', 'Webhooks'],
  'hooks.text': ['URLs that are told when a conversion ends.', 'URLs, denen das Ende einer Umwandlung gemeldet wird.'],
  'hooks.none': ['You have no webhooks.', 'Sie haben keine Webhooks.'],
  'hooks.add': ['Add a webhook', 'Webhook hinzufügen'],
  'hooks.url': ['URL', 'URL'],
  'hooks.test': ['Send a ping', 'Ping senden'],
  'hooks.tested': ['A ping is on its way.', 'Ein Ping ist unterwegs.'],
  'hooks.remove': ['Remove', 'Entfernen'],
  'hooks.remove.title': ['Remove the webhook?', 'Webhook entfernen?'],
  'hooks.ended': ['ended by its receiver', 'vom Empfänger beendet'],
  'hooks.secret': ['New signing secret', 'Neuer Signaturschlüssel'],
  'hooks.secret.title': ['Make a new signing secret?', 'Neuen Signaturschlüssel anlegen?'],
  'hooks.secret.text': ['The earlier one is no good any more.', 'Der frühere gilt dann nicht mehr.'],
  'hooks.secret.made': [
    'Webhooks are signed with this secret. It is shown only now.',
    'Mit diesem Schlüssel werden Webhooks signiert. Er wird nur jetzt gezeigt.'
  ],
  'log.title': ['Delivery log', 'Zustellprotokoll'],
  'log.none': ['Nothing was sent yet.', 'Noch nichts gesendet.'],
  'log.when': ['When', 'Wann'],
  'log.event': ['Event', 'Ereignis'],
  'log.target': ['To', 'An'],
  'log.state': ['State', 'Stand'],
  'log.resend': ['Send again', 'Noch einmal senden'],
  'log.waiting': ['waiting', 'wartet'],
  'log.delivered': ['delivered', 'zugestellt'],
  'log.given-up': ['given up', 'aufgegeben'],
  'log.tries': ['{tries} tries', '{tries} Versuche'],

  'users.title': ['Users', 'Personen'],
  'users.add': ['Add a user', 'Person hinzufügen'],
  'users.email': ['Email', 'E-Mail'],
  'users.admin': ['Admin', 'Admin'],
  'users.disabled': ['Disabled', 'Gesperrt'],
  'users.since': ['Since', 'Seit'],
  'users.tokens': ['Tokens', 'Tokens'],
  'users.tokens.title': ['API tokens of {email}', 'API-Tokens von {email}'],
  'users.change': ['Change', 'Ändern'],
  'users.change.title': ['Change {email}', '{email} ändern'],
  'users.password': ['Password', 'Passwort'],
  'users.newPassword': ['New password', 'Neues Passwort'],
  'users.newPassword.hint': ['Empty: as it is', 'Leer: wie es ist'],
  'users.limit.bytes': ['Stored, in GB', 'Gespeichert, in GB'],
  'users.limit.minutes': ['Minutes converted in 30 days', 'In 30 Tagen umgewandelte Minuten'],
  'users.limit.waiting': ['Jobs that wait', 'Wartende Aufträge'],
  'limit.default': ['As for everybody', 'Wie für alle'],
  'limit.none': ['No limit', 'Ohne Grenze'],
  'limit.own': ['A limit of its own', 'Eine eigene Grenze'],
  'users.saved': ['Saved.', 'Gespeichert.'],
  'hosts.title': ['Hosts', 'Rechner'],
  'hosts.none': ['No host has shown itself.', 'Kein Rechner hat sich gezeigt.'],
  'hosts.alive': ['alive', 'aktiv'],
  'hosts.silent': ['silent', 'still'],
  'hosts.dead': ['dead', 'ausgefallen'],
  'hosts.beat': ['{time} ago', 'vor {time}'],
  'hosts.idle': ['Idle', 'Nichts zu tun'],
  'hosts.version': ['version {version}', 'Version {version}'],
  'hosts.process': ['process {process}', 'Prozess {process}'],
  'retention.title': ['Retention', 'Aufbewahrung'],
  'retention.keep-done': ['Conversions that are done, with their MP3s', 'Fertige Umwandlungen mit ihren MP3s'],
  'retention.keep-failed': ['Conversions that failed', 'Gescheiterte Umwandlungen'],
  'retention.keep-free': ['Space that is kept free on the disk', 'Platz, der auf der Platte frei gehalten wird'],
  'retention.upload-expiry': ['Uploads of which nothing more comes', 'Uploads, von denen nichts mehr kommt'],
  'retention.none': ['none', 'keiner'],
  'retention.open': [
    'until they are deleted, or the command clean removes them',
    'bis sie gelöscht werden oder der Befehl clean sie entfernt'
  ],
  'admin.only': ['Only admins see this.', 'Das sehen nur Admins.'],
  'admin.missing': ['This service does not tell.', 'Dieser Dienst sagt darüber nichts.'],
};

const languages = ['en', 'de'];
const key = 'mp3spool.language';

/** The language of now. */
export let language = localStorage.getItem(key) ?? (navigator.language?.toLowerCase().startsWith('de') ? 'de' : 'en');
if (!languages.includes(language)) language = 'en';

/** Without `isChosen` it is the browser's, and another one tomorrow if that has another. */
export function setLanguage(name, {isChosen = false} = {}) {
  language = name;
  if (isChosen) localStorage.setItem(key, name);
  document.documentElement.lang = name;
}

/** A text, with values in place of their names in braces. */
export function t(name, values = {}) {
  const text = texts[name]?.[languages.indexOf(language)];
  if (text === undefined) throw new Error(`There is no text ${name}.`);
  return text.replace(/\{(\w+)\}/g, (_, word) => values[word] ?? '');
}

export const hasText = name => name in texts;

const formats = new Map();
function format(Type, options) {
  const name = `${Type.name}${language}${JSON.stringify(options)}`;
  if (!formats.has(name))
    formats.set(
      name,
      new Type(language === 'en' ? navigator.languages.find(tag => tag.startsWith('en')) ?? 'en' : language, options)
    );
  return formats.get(name);
}

export const number = (value, digits = 0) => format(Intl.NumberFormat, {maximumFractionDigits: digits}).format(value);
export const percent = fraction => format(Intl.NumberFormat, {style: 'percent'}).format(Math.min(1, fraction));

/** In units of 1000, as disks are sold. */
export function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const step = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** step;
  return format(
           Intl.NumberFormat, {
             style: 'unit',
             unit: units[step],
             unitDisplay: step ? 'short' : 'long',
             maximumFractionDigits: step && value < 100 ? 1 : 0
           }
  ).format(value);
}

/** As a clock shows it: 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${h ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s).padStart(2, '0')}`;
}

/** Roughly, as a person says it: 12 s, 3 min, 2 h, 7 days. */
export function span(seconds) {
  const [, length, unit] = [
    [90, 1, 'second'], [5400, 60, 'minute'], [172_800, 3600, 'hour'], [Infinity, 86_400, 'day']
  ].find(([end]) => seconds < end);
  const value = seconds / length;
  return format(
           Intl.NumberFormat, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 }
  ).format(Math.max(1, Math.round(value)));
}

/** The time of today, the day and the time of another day. */
export function moment(value) {
  const date = new Date(value);
  const isToday = date.toDateString() === new Date().toDateString();
  return format(
           Intl.DateTimeFormat, isToday ? { timeStyle: 'short' } : {
             day: 'numeric',
             month: 'short',
             year: date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric',
             hour: 'numeric',
             minute: '2-digit'
           }
  ).format(date);
}

export const exactMoment = value =>
  format(Intl.DateTimeFormat, {dateStyle: 'long', timeStyle: 'medium'}).format(new Date(value));

/** A language's name; the code where it is not known. */
export function languageName(code) {
  try {
    return format(Intl.DisplayNames, { type: 'language', fallback: 'code' }).of(code);
  } catch { return code; }
}
