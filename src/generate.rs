//! The hidden verb `generate`: completions and pages of the manual, from the definition of the command line.

use crate::cli::{Format, GenerateArgs, NAME, definition};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

/// Prints what the arguments name on standard output.
pub(crate) fn run(args: &GenerateArgs) -> ExitCode {
    match io::stdout().lock().write_all(text(args.format, args.verb.as_deref()).as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has what it wants.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: can't write to standard output: {error}");
            ExitCode::FAILURE
        }
    }
}

fn text(format: Format, verb: Option<&str>) -> String {
    let shell = match format {
        Format::Bash => Shell::Bash,
        Format::Zsh => Shell::Zsh,
        Format::Fish => Shell::Fish,
        Format::Elvish => Shell::Elvish,
        Format::PowerShell => Shell::PowerShell,
        Format::Man => return without_unicode(&page(verb)),
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut visible(&definition()), NAME, &mut text);
    let text = String::from_utf8(text).expect("text");
    // If the program's name has a hyphen, the generator for bash labels verbs in two ways, and completes none:
    // https://github.com/clap-rs/clap/issues/6421
    text.replace("axum__subcmd__trailers", "axum__trailers")
}

/// The command without its hidden verbs, which completions would list.
fn visible(command: &Command) -> Command {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    Command::new(NAME).version(env!("CARGO_PKG_VERSION")).args(command.get_arguments()).subcommands(verbs)
}

fn page(verb: Option<&str>) -> String {
    let mut command = definition().disable_help_subcommand(true).subcommand_help_heading("VERBS");
    let source = command.render_version();
    command.build();
    let mut command = verb.and_then(|verb| command.find_subcommand(verb).cloned()).unwrap_or(command);
    // The page's own synopsis would name each option.
    let usage = command.render_usage().to_string();
    let command = command.override_usage(usage.trim_start_matches("Usage: ").to_owned());
    let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let has_verbs = command.has_subcommands();

    let man = Man::new(command).source(source.trim_end());
    let mut text = Vec::new();
    let written = man
        .render_title(&mut text)
        .and_then(|()| man.render_name_section(&mut text))
        .and_then(|()| man.render_synopsis_section(&mut text))
        .and_then(|()| man.render_description_section(&mut text))
        .and_then(|()| if has_verbs { man.render_subcommands_section(&mut text) } else { Ok(()) })
        .and_then(|()| man.render_options_section(&mut text))
        .and_then(|()| sections(&after).to_writer(&mut text));
    written.expect("a vector takes each write");
    String::from_utf8(text).expect("text")
}

/// As escape sequences, because troff alone reads no UTF-8.
fn without_unicode(page: &str) -> String {
    let escaped = |character: char| match character {
        '\0'..='\x7f' => character.to_string(),
        _ => format!("\\[u{:04X}]", u32::from(character)),
    };
    page.chars().map(escaped).collect()
}

/// What the help ends with, line by line. A line such as `Examples:` begins a section.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_in_section = false;
    for line in text.lines() {
        if let Some(heading) = heading(line) {
            roff.control("fi", []).control("SH", [&*heading.to_uppercase()]).control("nf", []);
        } else {
            if !is_in_section {
                roff.control("SH", ["NOTES"]).control("nf", []);
            }
            roff.text([roman(line)]);
        }
        is_in_section = true;
    }
    roff.control("fi", []);
    roff
}

fn heading(line: &str) -> Option<&str> {
    let heading = line.strip_suffix(':')?;
    (!heading.starts_with(' ') && heading.split(' ').count() <= 2).then_some(heading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::VERBS;
    use clap::ValueEnum;

    /// The long names of a command's options, without those that clap adds.
    fn options(command: &Command) -> Vec<String> {
        command.get_arguments().filter_map(|option| option.get_long().map(str::to_owned)).collect()
    }

    #[test]
    fn completions_of_each_shell_have_each_verb_and_option_and_no_hidden_verb() {
        let command = definition();
        for format in Format::value_variants().iter().filter(|format| **format != Format::Man) {
            let text = text(*format, None);
            let shown = |name: &str| {
                text.split(|c: char| !c.is_alphanumeric() && !"-.".contains(c))
                    .any(|word| word.trim_start_matches('-') == name)
            };
            for verb in VERBS {
                assert!(shown(verb), "{format:?}: {verb}");
                let verb = command.find_subcommand(verb).expect("a verb");
                for option in options(verb).iter().chain(&options(&command)) {
                    assert!(shown(option), "{format:?}: {option}");
                }
            }
            assert!(!text.contains("powershell"), "{format:?}");
        }
    }

    #[test]
    fn bash_completes_a_verb_by_the_label_that_its_name_selects() {
        let text = text(Format::Bash, None);
        for verb in VERBS {
            let label = format!("axum__trailers__subcmd__{verb}");
            assert!(
                text.contains(&format!("axum__trailers,{verb})\n                cmd=\"{label}\"")),
                "{text}"
            );
            assert!(text.contains(&format!("\n        {label})\n            opts=\"-")), "{text}");
        }
    }

    #[test]
    fn page_of_the_command_has_each_verb_and_no_hidden_one() {
        let page = text(Format::Man, None);
        assert!(page.contains("\n.TH axum-trailers 1 "), "{page}");
        for verb in VERBS {
            assert!(page.contains(&format!("axum\\-trailers\\-{verb}(1)")), "{verb}: {page}");
        }
        assert!(!page.contains("generate") && !page.contains("\\-help(1)"), "{page}");
    }

    #[test]
    fn page_of_a_verb_has_its_options_and_ends_with_examples_and_exit_codes() {
        let command = definition();
        for verb in VERBS {
            let page = text(Format::Man, Some(verb));
            assert!(page.contains(&format!("\n.TH axum-trailers-{verb} 1 ")), "{page}");
            assert!(page.contains(&format!("\\fBaxum\\-trailers {verb}\\fR [OPTIONS]")), "{page}");
            for option in options(command.find_subcommand(verb).expect("a verb")) {
                let option = option.replace('-', "\\-");
                assert!(page.contains(&format!("\\fB\\-\\-{option}\\fR")), "{option}: {page}");
            }
            let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
            assert_eq!(sections.first(), Some(&"NAME"), "{sections:?}");
            assert!(sections.ends_with(&["EXAMPLES", "\"EXIT CODES\""]), "{sections:?}");
        }
    }

    #[test]
    fn page_is_in_ascii_and_no_text_is_taken_for_a_request() {
        assert_eq!(without_unicode("/files/…\n"), "/files/\\[u2026]\n");
        for verb in [None].into_iter().chain(VERBS.iter().map(Some)) {
            let page = text(Format::Man, verb.copied());
            assert!(page.is_ascii());
            let requests = page.lines().filter_map(|line| line.strip_prefix('.'));
            for request in requests {
                let name = request.split(' ').next().expect("a name");
                let known = ["TH", "SH", "TP", "PP", "IP", "RS", "RE", "br", "nf", "fi", "ie", "el"];
                assert!(known.contains(&name), "{request}");
            }
        }
    }

    #[test]
    fn only_lines_without_indentation_are_headings() {
        for (line, expected) in [
            ("Examples:", Some("Examples")),
            ("Exit codes:", Some("Exit codes")),
            ("  Examples:", None),
            ("Examples", None),
            ("A TIME has a unit:", None),
        ] {
            assert_eq!(heading(line), expected, "{line}");
        }
    }
}
