//! The progress bar.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Shows how far a transfer is, on standard error. It disappears when it is dropped.
pub(super) struct Bar(ProgressBar);

const WITH_TOTAL: &str =
    "{wide_bar} {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
const WITHOUT_TOTAL: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}";

/// How often a bar is drawn even if nothing arrives.
const TICK: Duration = Duration::from_millis(500);

impl Bar {
    /// Shows nothing.
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Shows a transfer that begins at `position`, which is more than 0 if it is resumed. Both are in bytes.
    pub(super) fn shown(position: u64, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_style(style(total));
        // Unseen, because the rate counts a position until it is reset.
        bar.set_position(position);
        bar.tick();
        bar.reset_eta();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Moves to this position, in bytes.
    pub(super) fn set(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(total: Option<u64>) -> ProgressStyle {
    let template = if total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
    ProgressStyle::with_template(template).expect("a test renders the template")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_valid() {
        for total in [None, Some(1)] {
            let _style = style(total);
        }
    }
}
