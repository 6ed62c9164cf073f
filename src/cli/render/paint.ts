import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours as functions, so that callers never ask whether colours are on. */
export type Paint = Readonly<Record<Style, (text: string) => string>>;

/** What of a stream decides about colours. A terminal's `hasColors` already honours NO_COLOR. */
export interface ColourSink {
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

export function paintFor(sink: ColourSink, wanted: boolean): Paint {
  const isColoured = wanted && sink.isTTY === true && sink.hasColors?.() === true;
  const style = (name: Style) => (text: string) =>
    isColoured ? styleText(name, text, { validateStream: false }) : text;
  return {
    bold: style('bold'),
    dim: style('dim'),
    red: style('red'),
    green: style('green'),
    yellow: style('yellow'),
    cyan: style('cyan'),
  };
}
