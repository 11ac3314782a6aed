# Runs a formula as Homebrew does on one machine, in the directory of an unpacked archive:
# formula.rb FORMULA SYSTEM CPU PREFIX. With "-" as the prefix, it only prints what the formula downloads.
FORMULA, SYSTEM, CPU, PREFIX = ARGV

class Place
  def initialize(name)
    @path = File.join(PREFIX, name)
  end

  def install(files)
    files = [files].flatten.to_h { |file| [file, File.basename(file)] } unless files.is_a?(Hash)
    raise "nothing to install in #{@path}" if files.empty?

    Dir.mkdir(@path)
    files.each { |from, to| File.rename(from, File.join(@path, to)) }
  end

  def to_s = @path
end

class Formula
  class << self
    attr_reader :values, :check

    %i[desc homepage version license url sha256].each do |name|
      define_method(name) do |value|
        @values ||= {}
        raise "#{name} is given twice" if @values.key?(name)

        @values[name] = value
      end
    end
    { on_macos: "darwin", on_linux: "linux" }.each { |name, system| define_method(name) { |&block| block.call if SYSTEM == system } }
    { on_arm: "arm64", on_intel: "amd64" }.each { |name, cpu| define_method(name) { |&block| block.call if CPU == cpu } }
    def test(&block) = @check = block
  end

  %i[bin man1 bash_completion zsh_completion fish_completion].each do |name|
    define_method(name) { (@places ||= {})[name] ||= Place.new(name.to_s) }
  end
  def version = self.class.values.fetch(:version)
  def shell_output(command) = `#{command}`

  def assert_match(want, got)
    raise "#{got.inspect} has no #{want.inspect}" unless got.include?(want)
  end
end

load FORMULA
%i[desc homepage version license url sha256].each { |name| Pullpass.values.fetch(name) }
puts Pullpass.values[:url], Pullpass.values[:sha256]
unless PREFIX == "-"
  formula = Pullpass.new
  formula.install
  formula.instance_exec(&Pullpass.check)
end
