import { describe, expect, it } from 'vitest';
import { paintFor } from '../../../src/cli/render/paint.ts';
import { bytesText, millisText, progressBar } from '../../../src/cli/render/quantities.ts';
import { renderTable } from '../../../src/cli/render/table.ts';
import { columnsOf, printable, truncate, wrap } from '../../../src/cli/render/text.ts';

describe('renderTable', () => {
  const columns = [
    { header: 'name', isFlexible: true },
    { header: 'n', align: 'right' as const },
  ];

  it('aligns columns by their widest cell', () => {
    expect(
      renderTable(
        columns,
        [
          ['a', 1],
          ['long name', 1000],
        ],
        { width: 80 },
      ),
    ).toEqual(['name          n', 'a             1', 'long name  1000']);
  });

  it('gives way to the width by cutting flexible columns only', () => {
    const lines = renderTable(columns, [['a very long name that cannot stay', 12345]], { width: 20 });
    expect(lines).toEqual(['name               n', 'a very long …  12345']);
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(20);
  });

  it('shows nothing as a dash and newlines as spaces', () => {
    expect(
      renderTable(
        columns,
        [
          [null, 1],
          ['two\nlines', 2],
        ],
        { width: 80 },
      ).slice(1),
    ).toEqual(['-          1', 'two lines  2']);
  });

  it('colours finished lines, so that colours never count as width', () => {
    const style = (line: string, row: number) => (row < 0 ? `<${line}>` : line);
    expect(renderTable(columns, [['a', 1]], { width: 80, style })).toEqual(['<name  n>', 'a     1']);
  });

  it('keeps wide characters in line', () => {
    const lines = renderTable(
      columns,
      [
        ['森の道', 1],
        ['abcdef', 2],
      ],
      { width: 80 },
    );
    expect(columnsOf(lines[1]!)).toBe(columnsOf(lines[2]!));
  });
});

describe('text', () => {
  it('wraps between words and keeps paragraphs', () => {
    expect(wrap('one two three four five six seven\n\nnext', 20)).toEqual([
      'one two three four',
      'five six seven',
      '',
      'next',
    ]);
    expect(wrap('one two', 80, '   ')).toEqual(['   one two']);
  });

  it('never breaks a word that is longer than the line', () => {
    expect(wrap(`a ${'x'.repeat(30)} b`, 20)).toEqual(['a', 'x'.repeat(30), 'b']);
  });

  it('cuts by columns with an ellipsis', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('abcdefg', 6)).toBe('abcde…');
    expect(columnsOf(truncate('森の道を歩く', 6))).toBeLessThanOrEqual(6);
  });

  it('takes the teeth out of terminal sequences', () => {
    expect(printable('a\u001b[31mb\u001b]0;title\u0007c\rd\ne')).toBe('abc d\ne');
  });
});

describe('quantities', () => {
  it('speak in units', () => {
    expect([bytesText(512), bytesText(1536), bytesText(3 * 1024 ** 3), bytesText(null)]).toEqual([
      '512 B',
      '1.5 KiB',
      '3.0 GiB',
      'unknown',
    ]);
    expect([millisText(12.4), millisText(12_340), millisText(null)]).toEqual(['12 ms', '12.3 s', '-']);
    expect([progressBar(0), progressBar(50), progressBar(140)]).toEqual([
      '░░░░░░░░░░   0%',
      '█████░░░░░  50%',
      '██████████ 140%',
    ]);
  });
});

describe('paintFor', () => {
  const terminal = { isTTY: true, hasColors: () => true };

  it('colours only a terminal that has colours, when they are wanted', () => {
    expect(paintFor(terminal, true).red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(paintFor(terminal, false).red('x')).toBe('x');
    expect(paintFor({ isTTY: false, hasColors: () => true }, true).red('x')).toBe('x');
    expect(paintFor({ isTTY: true, hasColors: () => false }, true).red('x')).toBe('x');
  });
});
