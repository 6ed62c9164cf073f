import { Command, CommanderError, type ErrorOptions } from 'commander';
import { nearest } from '../kernel/suggest.ts';
import { EXIT } from './exit-codes.ts';

/**
 * A commander command whose usage errors end with exit code 2 and name the nearest known command or option.
 * Nothing here prints or exits: the message travels in the thrown error.
 */
export class FleetCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.exitOverride();
    this.showSuggestionAfterError(false);
    this.configureOutput({ outputError: () => undefined });
  }

  override createCommand(name?: string): FleetCommand {
    return new FleetCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    const text = message.replace(/^error: /, '');
    const hint = this.#suggestion(text, options?.code);
    throw new CommanderError(
      EXIT.usage,
      options?.code ?? 'commander.error',
      hint ? `${text}\n${hint}` : text,
    );
  }

  #suggestion(message: string, code: string | undefined): string | undefined {
    switch (code) {
      case 'commander.unknownOption': {
        const flag = /'([^']+)'/.exec(message)?.[1]?.split('=')[0] ?? '';
        return didYouMean(nearest(flag, this.#knownFlags()), `"${this.#path()} --help" lists the options`);
      }
      case 'commander.unknownCommand':
        return didYouMean(
          nearest(this.args[0] ?? '', names(this)),
          `"${this.#path()} --help" lists the commands`,
        );
      case 'commander.excessArguments':
        // A misspelt verb lands in the group's default command, which then has one argument too many.
        return this.parent ? didYouMean(nearest(this.args[0] ?? '', names(this.parent))) : undefined;
      default:
        return undefined;
    }
  }

  #knownFlags(): string[] {
    const own = this.options.map((option) => option.long ?? option.short ?? '');
    // Only the chain of parents: an option of a sibling command would be wrong here.
    return this.parent instanceof FleetCommand ? [...own, ...this.parent.#knownFlags()] : [...own, '--help'];
  }

  #path(): string {
    return this.parent instanceof FleetCommand ? `${this.parent.#path()} ${this.name()}` : this.name();
  }
}

function names(command: Command): string[] {
  return command.commands.flatMap((known) => [known.name(), ...known.aliases()]);
}

function didYouMean(suggestion: string | undefined, otherwise?: string): string | undefined {
  return suggestion === undefined ? otherwise : `did you mean "${suggestion}"?`;
}
