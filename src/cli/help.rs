//! Help in the reader's language: the texts are found by the path of the command and the name of the argument.

use clap::{Arg, Command};

use crate::text::Texts;

/// Puts the texts of a language into a command and everything below it.
pub(super) fn translate(command: Command, texts: &Texts) -> Command {
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(clap::ArgAction::Version);
    let command = command
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(version);
    translate_at(command, "cli", texts)
}

fn translate_at(command: Command, path: &str, texts: &Texts) -> Command {
    let about = texts.find(path).unwrap_or_default();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let usage = texts.say("cli-usage");
    let mut command = command
        .about(about)
        .help_template(format!("{{about}}\n\n{usage}: {{usage}}\n\n{{all-args}}"))
        .subcommand_help_heading(texts.say("cli-heading-commands"))
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(clap::ArgAction::Help)
                .help(texts.say("cli-shared-help")),
        )
        .mut_args(|argument| {
            let heading = texts.say(if argument.is_positional() {
                "cli-heading-arguments"
            } else {
                "cli-heading-options"
            });
            let argument = argument.help_heading(heading);
            match texts.find(&argument_name(path, &argument)) {
                Some(help) => argument.help(help),
                None => argument,
            }
        });
    for name in names {
        let below = format!("{path}-{name}");
        command =
            command.mut_subcommand(name, |subcommand| translate_at(subcommand, &below, texts));
    }
    command
}

/// Arguments that mean the same everywhere have one text; others have one for their command.
const SHARED: [&str; 16] = [
    "version",
    "database",
    "language",
    "village",
    "household",
    "id",
    "by",
    "role",
    "at",
    "format",
    "output",
    "line",
    "reason",
    "month",
    "pepper-file",
    "help",
];

fn argument_name(path: &str, argument: &Arg) -> String {
    let name = argument.get_id().as_str().replace('_', "-");
    if SHARED.contains(&name.as_str()) {
        format!("cli-shared-{name}")
    } else {
        format!("{path}-{name}")
    }
}

/// The names of texts that a command lacks.
#[cfg(test)]
pub(super) fn missing(command: &Command, texts: &Texts) -> Vec<String> {
    fn walk(command: &Command, path: &str, texts: &Texts, missing: &mut Vec<String>) {
        let own = command
            .get_arguments()
            .map(|argument| argument_name(path, argument));
        missing.extend(
            own.chain([path.to_owned()])
                .filter(|name| texts.find(name).is_none()),
        );
        for below in command.get_subcommands() {
            walk(
                below,
                &format!("{path}-{}", below.get_name()),
                texts,
                missing,
            );
        }
    }
    let mut names = Vec::new();
    walk(command, "cli", texts, &mut names);
    names
}
