//! TEMPORARY
#[derive(Debug)]
pub struct Access;
