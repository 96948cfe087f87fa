//! Scores in words.

/// How urgent a score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Below 40: old, doubtful or taken back. Never "safe".
    Low,
    /// 40 to 74: worth a look.
    Medium,
    /// 75 to 89: one trusted source is sure of it.
    High,
    /// From 90: several independent sources, or a most trusted one, say so now.
    Critical,
}

impl RiskLevel {
    /// The level of a score from 0 to 100. Medium and high begin where
    /// [`Confidence`](crate::claim::Confidence) has them begin.
    pub const fn from_score(score: u8) -> RiskLevel {
        match score {
            90.. => RiskLevel::Critical,
            75..=89 => RiskLevel::High,
            40..=74 => RiskLevel::Medium,
            _ => RiskLevel::Low,
        }
    }

    /// The name in the API; Sigma has the same.
    pub const fn as_str(self) -> &'static str {
        match self {
            RiskLevel::Low => "low",
            RiskLevel::Medium => "medium",
            RiskLevel::High => "high",
            RiskLevel::Critical => "critical",
        }
    }
}
