//! The short form in a person's editor, until it can be read and is taken, or is given up.

use std::{env, fs, process::Command};

use praksis_node::{
    intake::form::{self, Audience, Form},
    platform,
};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::{file, questions};
use crate::{context::Context, failure::Failure};

/// What marks the lines that say what was wrong; they are taken out again before the form is reopened.
const FAULT: &str = "#! ";

/// What a person wants to be asked in.
pub(crate) enum Way {
    /// In an editor: the program and its arguments.
    Editor(Vec<String>),
    /// One question after the other.
    Questions,
}

/// The editor of `$VISUAL` or `$EDITOR`, or the platform's own.
pub(crate) fn way() -> Way {
    let named = |name| env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR"));
    match editor.or_else(|| platform::default_editor().map(str::to_owned)) {
        Some(editor) => Way::Editor(words(&editor)),
        None => Way::Questions,
    }
}

/// Lets a person fill in the form, and gives it to `take`. What `take` refuses comes back in the editor
/// with the faults above it. `None` when it was closed as it was opened.
pub(crate) async fn fill<T>(
    context: &Context,
    case: &Value,
    audience: Audience,
    heads: &[String],
    mut take: impl AsyncFnMut(Form) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let text = form::write(context.language, case, audience, heads);
    let editor = match way() {
        Way::Editor(editor) => editor,
        Way::Questions => return take(questions::ask(context, case, audience, heads)?).await.map(Some),
    };
    let draft = Draft::new(context, &text)?;
    let (mut shown, mut wrong) = (text, Vec::new());
    loop {
        draft.edit(context, &editor)?;
        let written = draft.read(context)?;
        if written == shown {
            // Closed as it was opened: there is nothing more to come.
            if wrong.is_empty() {
                return Ok(None);
            }
            return Err(draft.keep(context, Failure::new("invalid", wrong.join("; "), "")));
        }
        let plain = without_faults(&written);
        wrong = match form::read("form", &plain) {
            Err(refusal) => vec![file::line(context, &refusal)],
            Ok(form) => match take(form).await {
                Ok(taken) => return Ok(Some(taken)),
                Err(failure) if failure.kind == "invalid" => failure.sentences(),
                // The form is right, but the node cannot take it now.
                Err(failure) => return Err(draft.keep(context, failure)),
            },
        };
        let faults = wrong.iter().flat_map(|fault| fault.lines()).map(|fault| format!("{FAULT}{fault}\n"));
        shown = faults.collect::<String>() + &plain;
        draft.write(context, &shown)?;
    }
}

/// The form as a file that only its writer can read; gone when it was taken or given up.
struct Draft(NamedTempFile);

impl Draft {
    fn new(context: &Context, text: &str) -> Result<Self, Failure> {
        let file = tempfile::Builder::new().prefix("praksis-").suffix(".toml").tempfile();
        let file = file.map_err(|error| {
            let (folder, why) = (env::temp_dir().display().to_string(), error.to_string());
            context.failure("storage", "cannot-write", &[("file", folder.into()), ("why", why.into())])
        })?;
        let draft = Self(file);
        draft.write(context, text)?;
        Ok(draft)
    }

    fn name(&self) -> String {
        self.0.path().display().to_string()
    }

    fn write(&self, context: &Context, text: &str) -> Result<(), Failure> {
        // By its name: an editor may have put another file in the place of ours.
        fs::write(self.0.path(), text).map_err(|error| {
            let why = error.to_string();
            context.failure("storage", "cannot-write", &[("file", self.name().into()), ("why", why.into())])
        })
    }

    fn edit(&self, context: &Context, editor: &[String]) -> Result<(), Failure> {
        let (program, arguments) = editor.split_first().expect("what is blank is no editor");
        let why = match Command::new(program).args(arguments).arg(self.0.path()).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Err(context.failure(
            "storage",
            "editor-failed",
            &[("editor", program.as_str().into()), ("why", why.into())],
        ))
    }

    fn read(&self, context: &Context) -> Result<String, Failure> {
        file::utf8(context, &self.name(), file::load(context, self.0.path())?)
    }

    /// Leaves the file where it is, so that nothing that was written is lost.
    fn keep(self, context: &Context, mut failure: Failure) -> Failure {
        let file = self.name();
        if self.0.keep().is_ok() {
            failure.hint = context.text("form-kept", &[("file", file.into())]);
        }
        failure
    }
}

fn without_faults(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with(FAULT.trim_end())).map(|line| format!("{line}\n")).collect()
}

/// A command line of an editor: words, in double quotes where they hold spaces.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.trim().chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()))
            }
            c => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_may_have_arguments_and_a_path_with_spaces() {
        assert_eq!(words("code --wait"), ["code", "--wait"]);
        assert_eq!(words("\"C:\\Program Files\\edit.exe\" -n"), ["C:\\Program Files\\edit.exe", "-n"]);
    }

    #[test]
    fn faults_are_taken_out_and_the_rest_stays() {
        assert_eq!(without_faults("#! wrong\n# why\ntitle = \"#! x\"\n"), "# why\ntitle = \"#! x\"\n");
    }
}
