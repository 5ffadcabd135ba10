// Quantiles and tails of the normal and Student's t distribution.
#pragma once

namespace llmops::statistics {

// The z with P(Z <= z) = probability; probability in (0, 1).
double normal_quantile(double probability);
// P(Z <= z).
double normal_cdf(double z);
// The t with P(T <= t) = probability under Student's t with `degrees` >= 1 degrees of freedom.
double student_quantile(double probability, double degrees);
// P(T > t).
double student_upper_tail(double t, double degrees);

}  // namespace llmops::statistics
