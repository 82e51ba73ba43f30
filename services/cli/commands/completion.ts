/** `forescale completion`: a script for the shell, made from the tree of commands, so that it never falls behind. */
import { Argument, type Command } from 'commander'
import { act } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

const EXAMPLES = `
Examples:
  source <(forescale completion bash)                                        in ~/.bashrc
  forescale completion zsh > "\${fpath[1]}/_forescale"
  forescale completion fish > ~/.config/fish/completions/forescale.fish`

export function addCompletion(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('completion')
    .helpGroup('Prepare:')
    .description('print a completion script')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, _options, [shell]) => {
    const entries = entriesOf(program, [])
    if (shell === 'fish') terminal.print(fishScript(entries))
    else terminal.print(shell === 'zsh' ? zshScript(entries) : bashScript(entries))
    return undefined
  })
}

interface Word {
  readonly word: string
  readonly help: string
}

interface Entry {
  /** Names of the commands that lead here; empty for the program itself. */
  readonly path: readonly string[]
  readonly words: readonly Word[]
}

/** What may follow each command: its subcommands, the choices of its arguments, its options and the global ones. */
function entriesOf(command: Command, path: readonly string[]): Entry[] {
  const help = command.createHelp()
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help')
  const choices = command.registeredArguments.flatMap((a) => a.argChoices ?? [])
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
  const words: Word[] = [
    ...children.map((child) => ({
      word: child.name(),
      help: child.summary() || child.description(),
    })),
    ...choices.map((word) => ({ word, help: '' })),
    ...options.map((option) => ({
      word: option.long ?? option.short ?? '',
      help: option.description,
    })),
  ]
  return [
    { path, words },
    ...children.flatMap((child) => entriesOf(child, [...path, child.name()])),
  ]
}

/** The longest known path of commands among the words typed so far decides what is offered. */
function bashScript(entries: readonly Entry[]): string {
  const cases = entries.map(
    ({ path, words }) =>
      `    '${path.join(' ')}') words='${words.map((w) => w.word).join(' ')}' ;;`,
  )
  const known = entries.map(({ path }) => `'${path.join(' ')}'`).join('|')
  return `_forescale() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path='' next words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${known}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -F _forescale forescale`
}

function zshScript(entries: readonly Entry[]): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:')
  const cases = entries.map(({ path, words }) => {
    const items = words.map((w) => `'${quote(w.word)}:${quote(w.help)}'`).join(' ')
    return `    '${path.join(' ')}') items=(${items}) ;;`
  })
  const known = entries.map(({ path }) => `'${path.join(' ')}'`).join('|')
  return `#compdef forescale
_forescale() {
  local path='' next i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    next="\${path:+$path }\${words[i]}"
    case "$next" in
    ${known}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  _describe 'forescale' items || _files
}
if [ "$funcstack[1]" = '_forescale' ]; then _forescale "$@"; else compdef _forescale forescale; fi`
}

function fishScript(entries: readonly Entry[]): string {
  const quote = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  const top = entries[0]?.words.filter((w) => !w.word.startsWith('-')).map((w) => w.word) ?? []
  return entries
    .flatMap(({ path, words }) => {
      const below = words.filter((w) => !w.word.startsWith('-')).map((w) => w.word)
      const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`)
      const none = below.length > 0 ? `not __fish_seen_subcommand_from ${below.join(' ')}` : ''
      const here =
        path.length === 0 ? [`not __fish_seen_subcommand_from ${top.join(' ')}`] : [...seen, none]
      const condition = here.filter(Boolean).join('; and ')
      return words.map(({ word, help }) => {
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a '${quote(word)}'`
        return `complete -c forescale -n '${condition}' ${what}${help ? ` -d '${quote(help)}'` : ''}`
      })
    })
    .join('\n')
}
