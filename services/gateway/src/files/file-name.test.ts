import { describe, expect, test } from '@jest/globals';
import { cleanFileName, keyName, keyStem } from './file-name.ts';

describe('a file name as it is shown', () => {
  test.each([
    ['photo.jpg', 'photo.jpg'],
    ['Zürich ☕ 日本.jpg', 'Zürich ☕ 日本.jpg'],
    ['Zu\u0308rich.jpg', 'Zürich.jpg'],
    ['a\nb\r\nc\u0000\u007f.png', 'abc.png'],
    ['line\u2028paragraph\u2029.png', 'lineparagraph.png'],
    ['../../etc/passwd', '....etcpasswd'],
    ['C:\\Users\\me\\x.mov', 'C:Usersmex.mov'],
    ['invoice\u202egpj.exe', 'invoicegpj.exe'],
    ['lone \ud800 surrogate.gif', 'lone  surrogate.gif'],
    ['   ', 'file'],
    ['...', 'file'],
    ['', 'file'],
  ])('%j is %j', (given, shown) => {
    expect(cleanFileName(given)).toBe(shown);
  });

  test('is cut to 300 characters and keeps its extension', () => {
    const cut = cleanFileName(`${'☕'.repeat(400)}.jpeg`);
    expect([...cut]).toHaveLength(300);
    expect(cut.endsWith('☕.jpeg')).toBe(true);
    expect([...cleanFileName('x'.repeat(301))]).toHaveLength(300);
    expect([...cleanFileName(`x.${'y'.repeat(400)}`)]).toHaveLength(300);
  });
});

describe('a file name in an object key', () => {
  test.each([
    ['photo.jpg', 'photo.jpg', 'photo'],
    ['Zürich am See.JPG', 'Zurich-am-See.JPG', 'Zurich-am-See'],
    ['日本.png', 'file.png', 'file'],
    ['..', 'file', 'file'],
    ['.htaccess', 'htaccess', 'htaccess'],
    ['a.b.c.tar', 'a-b-c.tar', 'a-b-c'],
    ['<script>.svg', 'script.svg', 'script'],
  ])('%j is %j, its renditions are named after %j', (given, name, stem) => {
    expect(keyName(given)).toBe(name);
    expect(keyStem(given)).toBe(stem);
  });

  test('is 100 characters at most', () => {
    expect(keyName(`${'x'.repeat(300)}.${'y'.repeat(300)}`).length).toBeLessThanOrEqual(100);
    expect(keyName('x'.repeat(300)).length).toBeLessThanOrEqual(100);
  });
});
