//! Names as those see them who need no more than to recognise somebody they know (architecture, decision 14).

/// A name with its middle hidden: 王*明, 李*; of a name of one character nothing is hidden but that there is more.
pub fn mask_name(name: &str) -> String {
    let shown: Vec<char> = name.trim().chars().collect();
    match shown.as_slice() {
        [] => String::new(),
        [first] | [first, _] => format!("{first}*"),
        [first, .., last] => format!("{first}*{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_name_is_hidden() {
        assert_eq!(mask_name("王小明"), "王*明");
        assert_eq!(mask_name("欧阳小明"), "欧*明");
        assert_eq!(mask_name("李四"), "李*");
        assert_eq!(mask_name("李"), "李*");
        assert_eq!(mask_name(" "), "");
    }
}
