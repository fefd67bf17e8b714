//! Medians, and how they are printed.

use std::time::Duration;

/// The middle value; between the two middle ones where their number is even. 0 for none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The median of what each pair gives.
pub(crate) fn median_ratio(pairs: impl IntoIterator<Item = (Duration, Duration)>) -> f64 {
    median(pairs.into_iter().map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64()))
}

/// The median and the least, in milliseconds.
pub(crate) fn times(times: impl IntoIterator<Item = Duration>) -> String {
    let times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    format!("{:.1} ms (least {least:.1})", median(times))
}

/// Prints one figure: its name, its value and its unit, with tabs between.
#[allow(clippy::print_stdout)]
pub(crate) fn print(name: &str, value: impl std::fmt::Display, unit: &str) {
    println!("{name}\t{value}\t{unit}");
}

/// Prints a line that is no figure.
#[allow(clippy::print_stdout)]
pub(crate) fn remark(text: &str) {
    println!("# {text}");
}

/// Tells the person who waits how far it is.
#[allow(clippy::print_stderr)]
pub(crate) fn progress(text: &str) {
    eprintln!("cardwright: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, middle) in [
            (&[][..], 0.0),
            (&[3.0], 3.0),
            (&[9.0, 1.0], 5.0),
            (&[9.0, 1.0, 2.0], 2.0),
            (&[4.0, 9.0, 1.0, 2.0], 3.0),
        ] {
            assert_eq!(median(values.iter().copied()), middle, "{values:?}");
        }
    }

    #[test]
    fn a_ratio_is_that_of_each_pair() {
        let ms = Duration::from_millis;
        let pairs = [(ms(1), ms(2)), (ms(30), ms(40)), (ms(9), ms(10))];
        assert_eq!(median_ratio(pairs), 0.75);
    }
}
