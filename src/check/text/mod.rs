//! The report for people: a sentence, what fixes it, a table of questions and modes, and details.

mod advice;
mod answers;
mod document;
mod style;
mod table;
mod wrap;

pub(super) use self::{document::text, style::Style};
