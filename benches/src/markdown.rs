//! Tables as Markdown that can also be read as it is.

/// A table; the first row is the header. Columns in which a number stands are aligned to
/// the right, but the first, which says what it is.
///
/// # Panics
/// If there is no row.
pub fn table_of(mut rows: Vec<Vec<String>>) -> String {
    let is_number = |cell: &str| cell.starts_with(|c: char| c.is_ascii_digit() || c == '*');
    let columns = rows[0].len();
    let right: Vec<_> = (0..columns)
        .map(|column| column > 0 && rows.iter().any(|row| is_number(&row[column])))
        .collect();
    let width: Vec<_> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max())
        .map(|width| width.unwrap_or(0).max(3))
        .collect();
    let line = (0..columns)
        .map(|column| "-".repeat(width[column] - usize::from(right[column])))
        .zip(&right)
        .map(|(line, right)| line + if *right { ":" } else { "" })
        .collect();
    rows.insert(1, line);
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = width[column];
            let cell = match right[column] {
                true => format!("{cell:>width$}"),
                false => format!("{cell:width$}"),
            };
            text += &format!("| {cell} ");
        }
        text += "|\n";
    }
    text
}

/// 1,000,000.
pub fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
