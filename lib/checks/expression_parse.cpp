// SPDX-License-Identifier: Apache-2.0
// Parses a condition, by recursive descent with one function per level of precedence.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>

#include "lib/base/text.hpp"
#include "lib/checks/expression.hpp"
#include "lib/checks/expression_node.hpp"

namespace obsctl::health {
namespace {

using NodePtr = std::shared_ptr<const ExpressionNode>;

// Deeper than any row needs, and shallow enough for the stack.
constexpr int k_deepest = 50;

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

class Parser {
 public:
  Parser(std::string_view text, const SourcePos& at) : text_(text), at_(at) {}

  Result<NodePtr> whole() {
    OBS_TRY_ASSIGN(NodePtr out, either());
    skip_space();
    return next_ == text_.size() ? Result<NodePtr>(std::move(out))
                                 : wrong("an operator or the end");
  }

 private:
  Failure wrong(std::string_view expected) {
    const std::string_view rest = text_.substr(next_, 20);
    return fail_at(at_,
                   fmt::format("in '{}' there is '{}' where {} should be", text_,
                               rest.empty() ? "the end" : rest, expected),
                   "the language of conditions is described in docs/health.md");
  }

  void skip_space() {
    while (next_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[next_])) != 0) {
      ++next_;
    }
  }

  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(next_).starts_with(token)) {
      return false;
    }
    const std::size_t end = next_ + token.size();
    // A word ends where its letters do.
    if (is_name_char(token.back()) && end < text_.size() && is_name_char(text_[end])) {
      return false;
    }
    next_ = end;
    return true;
  }

  std::string name() {
    skip_space();
    const std::size_t start = next_;
    if (next_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[next_])) == 0) {
      while (next_ < text_.size() && is_name_char(text_[next_])) {
        ++next_;
      }
    }
    return std::string(text_.substr(start, next_ - start));
  }

  static NodePtr node(Op op, std::vector<NodePtr> operands) {
    auto out = std::make_shared<ExpressionNode>();
    out->op = op;
    out->operands = std::move(operands);
    return out;
  }

  struct Operator {
    std::string_view token;
    Op op;
  };

  // `next` operands with any of these operators between them, from the left.
  template <std::size_t N>
  Result<NodePtr> chain(Result<NodePtr> (Parser::*next)(),
                        const std::array<Operator, N>& operators) {
    OBS_TRY_ASSIGN(NodePtr left, (this->*next)());
    for (bool found = true; found;) {
      found = false;
      for (const Operator& one : operators) {
        if (take(one.token)) {
          OBS_TRY_ASSIGN(NodePtr right, (this->*next)());
          left = node(one.op, {std::move(left), std::move(right)});
          found = true;
          break;
        }
      }
    }
    return left;
  }

  Result<NodePtr> either() {
    return chain(&Parser::both, std::array<Operator, 1>{{{"or", Op::either}}});
  }
  Result<NodePtr> both() {
    return chain(&Parser::comparison, std::array<Operator, 1>{{{"and", Op::both}}});
  }
  Result<NodePtr> comparison() {
    return chain(&Parser::sum, std::array<Operator, 6>{{{">=", Op::greater_equal},
                                                        {"<=", Op::less_equal},
                                                        {"==", Op::equal},
                                                        {"!=", Op::not_equal},
                                                        {">", Op::greater},
                                                        {"<", Op::less}}});
  }
  Result<NodePtr> sum() {
    return chain(&Parser::product, std::array<Operator, 2>{{{"+", Op::add}, {"-", Op::subtract}}});
  }
  Result<NodePtr> product() {
    return chain(&Parser::unary, std::array<Operator, 2>{{{"*", Op::multiply}, {"/", Op::divide}}});
  }

  Result<NodePtr> unary() {
    if (++depth_ > k_deepest) {
      return wrong("less nesting");
    }
    Result<NodePtr> out = take("not") ? inverted(Op::invert)
                          : take("-") ? inverted(Op::negate)
                                      : primary();
    --depth_;
    return out;
  }

  Result<NodePtr> inverted(Op op) {
    OBS_TRY_ASSIGN(NodePtr operand, unary());
    return node(op, {std::move(operand)});
  }

  Result<NodePtr> primary() {
    skip_space();
    if (take("(")) {
      OBS_TRY_ASSIGN(NodePtr out, either());
      return take(")") ? Result<NodePtr>(std::move(out)) : wrong("')'");
    }
    if (next_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[next_])) != 0) {
      return number();
    }
    return selector();
  }

  Result<NodePtr> number() {
    auto out = std::make_shared<ExpressionNode>();
    const auto [end, error] =
        std::from_chars(text_.data() + next_, text_.data() + text_.size(), out->number);
    if (error != std::errc()) {
      return wrong("a number");
    }
    next_ = static_cast<std::size_t>(end - text_.data());
    return out;
  }

  Result<NodePtr> selector() {
    auto out = std::make_shared<ExpressionNode>();
    out->op = Op::select;
    out->name = name();
    if (out->name.empty() || out->name == "and" || out->name == "or" || out->name == "not") {
      next_ -= out->name.size();
      return wrong("a metric, a number or '('");
    }
    if (take("(")) {
      OBS_TRY(function(out->name, *out));
      out->name = name();
      OBS_TRY(matchers(*out));
      if (!take(")")) {
        return wrong("')'");
      }
    } else {
      OBS_TRY(matchers(*out));
    }
    out->optional = take("?");
    return out;
  }

  Result<void> function(const std::string& word, ExpressionNode& out) {
    if (word == "rate") {
      out.change = Change::rate;
    } else if (word == "increase") {
      out.change = Change::increase;
    } else if (word == "deriv") {
      out.change = Change::deriv;
    } else if (word == "before") {
      out.change = Change::before;
    } else if (word == "max") {
      out.reduce = Reduce::max;
    } else if (word == "min") {
      out.reduce = Reduce::min;
    } else if (word == "count") {
      out.reduce = Reduce::count;
    } else {
      return fail_at(at_, fmt::format("there is no function '{}'", word),
                     "there are rate, increase, deriv, before, max, min and count");
    }
    return {};
  }

  Result<void> matchers(ExpressionNode& out) {
    if (!take("{")) {
      return {};
    }
    while (!take("}")) {
      Matcher matcher;
      matcher.label = name();
      const bool any = take("=~");
      matcher.equal = any || !take("!=");
      if (matcher.label.empty() || (!any && matcher.equal && !take("="))) {
        return wrong("LABEL=\"VALUE\"");
      }
      if (!take("\"")) {
        return wrong("a value in double quotes");
      }
      const auto end = text_.find('"', next_);
      if (end == std::string_view::npos) {
        return wrong("a closing quote");
      }
      const std::string_view value = text_.substr(next_, end - next_);
      matcher.values = any ? split(value, '|') : std::vector{std::string(value)};
      next_ = end + 1;
      out.matchers.push_back(std::move(matcher));
      take(",");
    }
    return {};
  }

  std::string_view text_;
  const SourcePos& at_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

void collect(const ExpressionNode& node, std::set<std::string>& out) {
  if (node.op == Op::select) {
    out.insert(node.name);
  }
  for (const auto& operand : node.operands) {
    collect(*operand, out);
  }
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text, const SourcePos& at) {
  OBS_TRY_ASSIGN(NodePtr root, Parser(text, at).whole());
  return Expression(std::move(root));
}

std::set<std::string> Expression::names() const {
  std::set<std::string> out;
  collect(*root_, out);
  return out;
}

}  // namespace obsctl::health
