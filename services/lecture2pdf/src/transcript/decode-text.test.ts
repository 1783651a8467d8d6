import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { decodeText } from './decode-text.ts';

const lectures: Record<string, string[]> = {
  fr: [
    'Bonjour à tous, nous allons étudier les équations différentielles.',
    'Voilà, c’est déjà très clair où ça mène.',
    'Les élèves français préfèrent les exercices résolus à Noël.',
  ],
  de: [
    'Schönen guten Tag, heute geht es um lineare Räume.',
    'Wir müssen zunächst die Größe der Fläche prüfen.',
    'Für alle Übungen gilt: Lösungen außerdem hochladen.',
  ],
  pl: [
    'Dzień dobry, dzisiaj będziemy mówić o przestrzeniach.',
    'Proszę zwrócić uwagę na tę właściwość.',
    'Źródło błędów leży gdzieś w równaniach.',
  ],
  cs: [
    'Dobrý den, dnes budeme mluvit o prostorech.',
    'Přednáška bude příští týden ve středu.',
    'Řešení úlohy najdete v učebnici.',
  ],
  ru: [
    'Здравствуйте, сегодня мы поговорим о производных.',
    'Эта функция непрерывна на всей числовой прямой.',
    'Теперь перейдём к следующему примеру.',
  ],
  el: [
    'Καλημέρα σας, σήμερα θα μιλήσουμε για παραγώγους.',
    'Αυτή η συνάρτηση είναι συνεχής.',
    'Τώρα ας δούμε το επόμενο παράδειγμα.',
  ],
  tr: [
    'Günaydın, bugün türev hakkında konuşacağız.',
    'Bu fonksiyon süreklidir, değil mi?',
    'Şimdi bir sonraki örneğe geçelim, ışık hızı.',
  ],
  he: ['שלום לכולם, היום נדבר על נגזרות.', 'הפונקציה הזאת רציפה על כל הישר.', 'עכשיו נעבור לדוגמה הבאה.'],
  ar: [
    'صباح الخير، سنتحدث اليوم عن المشتقات.',
    'هذه الدالة متصلة على كل الخط.',
    'الآن ننتقل إلى المثال التالي.',
  ],
  ja: [
    'おはようございます。今日は微分について話します。',
    'この関数は連続です。',
    'では次の例に移りましょう。',
  ],
  zh: ['大家好，今天我们讲导数。', '这个函数在整个数轴上连续。', '现在我们来看下一个例子。'],
  'zh-Hant': ['大家好，今天我們講導數。', '這個函數在整個數軸上連續。', '現在我們來看下一個例子。'],
  ko: [
    '안녕하세요, 오늘은 미분에 대해 이야기하겠습니다.',
    '이 함수는 연속입니다.',
    '이제 다음 예제로 넘어가겠습니다.',
  ],
  th: ['สวัสดีครับ วันนี้เราจะพูดถึงอนุพันธ์', 'ฟังก์ชันนี้ต่อเนื่อง', 'ต่อไปเราจะดูตัวอย่างถัดไป'],
};

const unicode = ['utf-8', 'utf-16le', 'utf-16be'];
const encodings: Record<string, string[]> = {
  fr: ['windows-1252', 'iso-8859-1', 'iso-8859-15'],
  de: ['windows-1252', 'iso-8859-1'],
  pl: ['windows-1250', 'iso-8859-2'],
  cs: ['windows-1250', 'iso-8859-2'],
  ru: ['windows-1251', 'koi8-r', 'iso-8859-5'],
  el: ['windows-1253', 'iso-8859-7'],
  tr: ['windows-1254', 'iso-8859-9'],
  he: ['windows-1255', 'iso-8859-8'],
  ar: ['windows-1256', 'iso-8859-6'],
  ja: ['shift_jis', 'euc-jp'],
  zh: ['gb18030', 'gbk'],
  'zh-Hant': ['big5'],
  ko: ['euc-kr'],
  th: ['windows-874'],
};

describe('text in any encoding', () => {
  it.each(
    Object.entries(encodings).flatMap(([language, old]) =>
      [...old, ...unicode].map((encoding) => [language, encoding] as const),
    ),
  )('%s in %s', (language, encoding) => {
    const lines = (lectures[language] ?? []).map(
      (line, n) => `${n + 1}\n00:00:0${n},000 --> 00:00:0${n + 1},000\n${line}\n`,
    );
    const bytes = iconv.encode(lines.join('\n'), encoding);
    // A few signs, such as ’, are not in every one of them.
    const text = iconv.decode(bytes, encoding);
    expect(decodeText(bytes)).toBe(text);
    expect(decodeText(bytes, language)).toBe(text);
    if (unicode.includes(encoding)) {
      expect(decodeText(iconv.encode(text, encoding, { addBOM: true }))).toBe(text);
    }
  });

  it('reads UTF-32, old mail Japanese, and files put together', () => {
    expect(decodeText(iconv.encode('1\n00:01 --> 00:02\nü', 'utf-32le', { addBOM: true }))).toContain('ü');
    expect(decodeText(Buffer.from('\x1b$B$3$s\x1b(B\n', 'latin1'))).toBe('こん\n');
    expect(decodeText(Buffer.from('\uFEFFA\n\uFEFFB'))).toBe('A\nB');
  });

  it('takes UTF-8 that was cut off or has a broken byte for UTF-8', () => {
    const text = 'Здравствуйте, сегодня мы поговорим';
    expect(decodeText(Buffer.from(text).subarray(0, -1))).toBe(`${text.slice(0, -1)}\uFFFD`);
    expect(decodeText(Buffer.concat([Buffer.from(text), Buffer.from([0xff, 10])]))).toBe(`${text}\uFFFD\n`);
  });

  it('takes a sign that some reader before could not read for what it is', () => {
    expect(decodeText(Buffer.from('1\n\uFFFD\n'))).toBe('1\n\uFFFD\n');
  });

  it('knows one accent in an English text', () => {
    const english = 'Hello everyone, this is a talk.\n'.repeat(50);
    expect(decodeText(Buffer.from(`${english}A café.\n`, 'latin1'))).toBe(`${english}A café.\n`);
    expect(decodeText(iconv.encode(`${english}It’s a “talk”.\n`, 'windows-1252'))).toBe(
      `${english}It’s a “talk”.\n`,
    );
  });
});
